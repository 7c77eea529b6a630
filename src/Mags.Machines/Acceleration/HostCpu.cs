namespace Mags.Machines.Acceleration;

/// <summary>The processor of this host.</summary>
internal static class HostCpu
{
    private const string ModelLine = "model name";

    /// <summary>Its model as the kernel names it. A saved guest fits processors of the same model only.</summary>
    internal static string Model() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith(ModelLine, StringComparison.Ordinal))
        ?.Split(':', 2)[1].Trim() ?? "unknown";
}
