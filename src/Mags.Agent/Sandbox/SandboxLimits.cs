namespace Mags.Agent.Sandbox;

/// <summary>What all processes of the sandbox together may take of the machine.</summary>
/// <param name="Processes">Processes and threads.</param>
/// <param name="ScriptProcesses">How many of them the first process and its children may be; the rest is for later ones.</param>
/// <param name="MemoryBytes">Memory, that of the kernel on their behalf included.</param>
internal readonly record struct SandboxLimits(long Processes, long ScriptProcesses, long MemoryBytes)
{
    private const long Kib = 1024;
    private const long Mib = 1024 * Kib;
    private const long MemoryOfAProcess = 256 * Kib;
    private const long LeastProcesses = 1024;
    private const long MostProcesses = 32 * 1024;
    private const long ShareForLater = 8;
    private const long ReserveShare = 12;
    private const long LeastReserve = 8 * Mib;
    private const long MostReserve = 32 * Mib;
    private const long LeastMemory = 16 * Mib;

    /// <summary>Follows from the memory of the machine, as /proc/meminfo has it before there is a sandbox.</summary>
    public static SandboxLimits Of(string memoryInfo)
    {
        var (total, available) = (Bytes(memoryInfo, "MemTotal:"), Bytes(memoryInfo, "MemAvailable:"));
        var processes = Math.Clamp(total / MemoryOfAProcess, LeastProcesses, MostProcesses);
        // What the agent and the kernel may still come to need themselves.
        var reserve = Math.Clamp(total / ReserveShare, LeastReserve, MostReserve);
        return new SandboxLimits(
            processes, processes - (processes / ShareForLater), Math.Max(available - reserve, LeastMemory));
    }

    private static long Bytes(string memoryInfo, string name)
    {
        var line = memoryInfo.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is not null && long.TryParse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), out var kib)
            ? kib * Kib
            : throw new IOException($"/proc/meminfo has no {name}");
    }
}
