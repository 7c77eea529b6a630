namespace Mags.Server.Files;

/// <summary>An upload that came whole.</summary>
/// <param name="Name">Its plain name.</param>
/// <param name="Content">Its content; the taker's to close.</param>
/// <param name="Sha256">SHA-256 of the content.</param>
internal sealed record Upload(string Name, FileStream Content, byte[] Sha256) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
