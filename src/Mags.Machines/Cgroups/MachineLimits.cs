namespace Mags.Machines.Cgroups;

/// <summary>What one machine may use of the host, its hypervisor included.</summary>
/// <param name="MemoryBytes">Memory in all, page cache of its disk included.</param>
/// <param name="Cpus">Processors in all; fractions are parts of one.</param>
/// <param name="Weight">Share when processors are scarce, beside other machines.</param>
/// <param name="Processes">Processes and threads.</param>
internal sealed record MachineLimits(long MemoryBytes, double Cpus, int Weight, int Processes)
{
    // The guest's memory counts twice: its own copy of a page, and that page of the template, which the kernel fills when
    // it is first touched by anybody and charges to whoever that was.
    private const int TimesGuestMemory = 2;

    /// <summary>The limits of a machine; they follow from its size alone.</summary>
    internal static MachineLimits Of(MachineSize size, MachinesOptions options) => new(
        ((TimesGuestMemory * (long)size.MemoryMib) + options.HypervisorMemoryMib) << 20,
        size.Vcpus + (options.HypervisorCpuPercent / 100.0),
        size.Vcpus,
        options.HypervisorProcesses);
}
