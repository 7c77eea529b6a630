namespace Mags.Machines.Native;

/// <summary>How a child ended.</summary>
/// <param name="Code">Its exit code; 0 when a signal ended it.</param>
/// <param name="Signal">The signal that ended it, or 0.</param>
internal readonly record struct ProcessExit(int Code, int Signal)
{
    internal bool Success => Code == 0 && Signal == 0;

    public override string ToString() => Signal != 0 ? $"was killed by signal {Signal}" : $"ended with code {Code}";
}
