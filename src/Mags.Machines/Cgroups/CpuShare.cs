namespace Mags.Machines.Cgroups;

/// <summary>A cgroup's share of scarce processors, in units of what a process outside of any cgroup has.</summary>
internal static class CpuShare
{
    /// <summary>Period of a quota in microseconds; the kernel's default.</summary>
    internal const int Period = 100_000;

    // The same to the kernel, in the two versions' units.
    private const int UnifiedUnit = 100, UnifiedMost = 10_000;
    private const int LegacyUnit = 1024, LegacyMost = 262_144;

    /// <summary>Sets the share.</summary>
    internal static void Write(string folder, bool unified, double share)
    {
        if (unified)
        {
            CgroupFile.Write(folder, "cpu.weight", (long)Math.Min(share * UnifiedUnit, UnifiedMost));
        }
        else
        {
            CgroupFile.Write(folder, "cpu.shares", (long)Math.Min(share * LegacyUnit, LegacyMost));
        }
    }
}
