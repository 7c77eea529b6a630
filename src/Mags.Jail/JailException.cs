namespace Mags.Jail;

/// <summary>A wall could not be put up; nothing was started behind it.</summary>
internal sealed class JailException(string message) : Exception(message)
{
    /// <summary>What the launcher ends with, as shells do for a program that could not be run.</summary>
    internal const int ExitCode = 126;
}
