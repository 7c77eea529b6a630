namespace Mags.Server.Hosting;

/// <summary>The server cannot do what its command line asks. The message is the one sentence to print.</summary>
internal sealed class ServerException(ExitCode exitCode, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public ExitCode ExitCode { get; } = exitCode;
}
