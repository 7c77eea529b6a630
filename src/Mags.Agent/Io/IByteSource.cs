namespace Mags.Agent.Io;

/// <summary>Where the host's sessions come from: a machine's port, or a listening socket.</summary>
internal interface IByteSource
{
    /// <summary>Waits for the host's next byte stream.</summary>
    ValueTask<Stream> OpenAsync(CancellationToken cancellationToken);
}
