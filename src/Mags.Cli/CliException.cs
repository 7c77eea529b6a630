namespace Mags.Cli;

/// <summary>Ends the command with one sentence for the user.</summary>
internal sealed class CliException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">A sentence; empty when there is nobody left to read it.</param>
    /// <param name="exitCode">One of <see cref="ExitCodes"/>; null is the command's own code for failure.</param>
    /// <param name="innerException">What lies below, if anything.</param>
    public CliException(string message, int? exitCode = null, Exception? innerException = null)
        : base(message, innerException)
    {
        ExitCode = exitCode;
    }

    public int? ExitCode { get; }
}
