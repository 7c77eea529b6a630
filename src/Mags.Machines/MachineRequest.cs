using Mags.Machines.Network;

namespace Mags.Machines;

/// <summary>What a machine is wanted for.</summary>
public sealed record MachineRequest
{
    /// <summary>Name of an image in the catalog.</summary>
    public required string Image { get; init; }

    /// <summary>Size of the machine.</summary>
    public required MachineSize Size { get; init; }

    /// <summary>Size of the writable disk in GiB.</summary>
    public required int DiskGb { get; init; }

    /// <summary>What its disk starts from; null for an empty one that goes with the machine.</summary>
    public MachineDisk? Disk { get; init; }

    /// <summary>Digest that the image must have; null for whatever its name means now.</summary>
    public string? ImageDigest { get; init; }

    /// <summary>Host name inside the guest.</summary>
    public required string HostName { get; init; }

    /// <summary>Whether it has a network.</summary>
    public NetworkWish Network { get; init; }
}

/// <summary>Size of a machine; one template serves each.</summary>
/// <param name="Vcpus">Virtual processors.</param>
/// <param name="MemoryMib">Memory in MiB, a multiple of 128.</param>
public readonly record struct MachineSize(int Vcpus, int MemoryMib);
