namespace Mags.Contracts.Files;

/// <summary>Answer to <c>POST /mags-files</c>: a file that jobs can name in <c>file_ids</c>.</summary>
public sealed record FileResponse
{
    /// <summary>Its id.</summary>
    public required string FileId { get; init; }

    /// <summary>Its plain name, which it has in a sandbox.</summary>
    public required string FileName { get; init; }

    /// <summary>Size of its content in bytes.</summary>
    public required long Size { get; init; }
}
