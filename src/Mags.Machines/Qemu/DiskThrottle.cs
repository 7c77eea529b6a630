using System.Text.Json.Nodes;

namespace Mags.Machines.Qemu;

/// <summary>How fast a guest may use its writable disk, reads and writes together.</summary>
/// <param name="BytesPerSecond">Bytes per second in the long run.</param>
/// <param name="Iops">Requests per second in the long run.</param>
/// <param name="BurstFactor">How many times as fast it may be for a while.</param>
/// <param name="BurstSeconds">How long that while is.</param>
internal sealed record DiskThrottle(long BytesPerSecond, long Iops, int BurstFactor, int BurstSeconds)
{
    /// <summary>No limit.</summary>
    internal static DiskThrottle None { get; } = new(0, 0, 1, 1);

    internal static DiskThrottle Of(MachinesOptions options) => new(
        (long)options.DiskMibPerSecond << 20, options.DiskIops, options.DiskBurstFactor, options.DiskBurstSeconds);

    /// <summary>QEMU's object of these limits, in its JSON form: the short form calls the same names experimental.</summary>
    internal string ToObject(string id)
    {
        var limits = new JsonObject();
        Add("bps-total", BytesPerSecond);
        Add("iops-total", Iops);
        return new JsonObject { ["qom-type"] = "throttle-group", ["id"] = id, ["limits"] = limits }.ToJsonString();

        void Add(string name, long value)
        {
            if (value > 0)
            {
                limits[name] = value;
                limits[name + "-max"] = value * BurstFactor;
                limits[name + "-max-length"] = BurstSeconds;
            }
        }
    }
}
