namespace Mags.Machines.Walls;

/// <summary>Names of the walls, as the server's status and docs/security.md have them.</summary>
public static class WallNames
{
    /// <summary>Isolation by the processor: KVM.</summary>
    public const string Hardware = "hardware";

    /// <summary>A user and group of its own for each machine, without capabilities.</summary>
    public const string User = "user";

    /// <summary>The system calls that QEMU has denied itself.</summary>
    public const string SystemCalls = "system-calls";

    /// <summary>A file system that shows only what QEMU needs.</summary>
    public const string Files = "files";

    /// <summary>A network without interfaces.</summary>
    public const string Network = "network";

    /// <summary>What sandboxes that have a network reach through it.</summary>
    public const string Egress = "egress";

    /// <summary>The memory of a machine in all.</summary>
    public const string Memory = "memory";

    /// <summary>The processor time of a machine.</summary>
    public const string Processor = "processor";

    /// <summary>The processes and threads of a machine.</summary>
    public const string Processes = "processes";

    /// <summary>The disk bandwidth of a machine.</summary>
    public const string Disk = "disk";

    /// <summary>No core dumps, bounded files and handles.</summary>
    public const string Limits = "limits";

    /// <summary>Template memory that no clone can change.</summary>
    public const string Template = "template";
}
