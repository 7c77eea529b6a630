namespace Mags.Agent.Native;

/// <summary>Numbers of system calls without a function in the C library; x86-64.</summary>
internal static class SystemCallNumber
{
    public const int LoadModule = 313;
    public const int PidFdOpen = 434;
}
