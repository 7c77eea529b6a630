using System.Text.Json.Nodes;
using Mags.Machines.Disks;

namespace Mags.Machines.Qemu;

/// <summary>
/// Exchanges the writable disk of a stopped machine by monitor commands: the new chain of block nodes is added, the
/// device takes it, and the old chain goes once the machine runs.
/// </summary>
internal static class DiskExchange
{
    /// <summary>Block node of the disk after the exchange.</summary>
    internal const string NewNode = "d2";

    /// <summary>Exchanges the disk. It can be done once in a machine's life.</summary>
    /// <returns>The new disk's layers.</returns>
    internal static async Task<DiskChain> RunAsync(QmpClient monitor, WritableDisk disk, CancellationToken cancellationToken)
    {
        var nodes = new DiskNodes(monitor, cancellationToken);
        var chain = nodes.Add(disk);

        // The new disk has the limits of the old one, and goes on in what is left of its burst.
        nodes.AddNode(new JsonObject
        {
            ["driver"] = "throttle",
            ["node-name"] = NewNode,
            ["throttle-group"] = QemuCommandLine.DiskThrottleId,
            ["file"] = chain.Own.Name,
            ["discard"] = "unmap",
        });
        nodes.Tell("qom-set", new JsonObject
        {
            ["path"] = "/machine/peripheral/vd1",
            ["property"] = "drive",
            ["value"] = NewNode,
        });
        await nodes.DoneAsync();
        return chain;
    }

    /// <summary>Removes the chain that the device had before.</summary>
    internal static Task RemoveOldAsync(QmpClient monitor, CancellationToken cancellationToken)
    {
        var nodes = new DiskNodes(monitor, cancellationToken);
        foreach (var old in (string[])[QemuCommandLine.DiskNode, QemuCommandLine.LayersNode, "w0", "b1", "b0"])
        {
            nodes.Tell("blockdev-del", new JsonObject { ["node-name"] = old });
        }

        return nodes.DoneAsync();
    }
}
