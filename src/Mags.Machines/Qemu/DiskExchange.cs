using System.Text.Json.Nodes;
using Mags.Machines.Disks;

namespace Mags.Machines.Qemu;

/// <summary>
/// Exchanges the writable disk of a stopped machine by monitor commands: the new chain of block nodes is added, the
/// device takes it, the old chain goes. All of it is written at once; QEMU answers in order.
/// </summary>
internal sealed class DiskExchange(QmpClient monitor)
{
    /// <summary>Block node of the disk after the exchange.</summary>
    internal const string NewNode = "d2";

    private const string NewLayersNode = "q2";
    private const int BlankSet = 13;
    private const int LayerSet = 14;

    /// <summary>Exchanges the disk. It can be done once in a machine's life.</summary>
    internal async Task RunAsync(EphemeralDisk disk, CancellationToken cancellationToken)
    {
        var answers = new List<Task>
        {
            monitor.ExecuteAsync("add-fd", new JsonObject { ["fdset-id"] = BlankSet }, disk.Blank, cancellationToken),
            monitor.ExecuteAsync("add-fd", new JsonObject { ["fdset-id"] = LayerSet }, disk.Layer, cancellationToken),
            AddNode(FileNode("b2", BlankSet, isLayer: false)),
            AddNode(FormatNode("b3", "b2", backing: null)),
            AddNode(FileNode("w2", LayerSet, isLayer: true)),
            AddNode(FormatNode(NewLayersNode, "w2", backing: "b3")),
            AddNode(ThrottleNode()),
            monitor.ExecuteAsync(
                "qom-set",
                new JsonObject { ["path"] = "/machine/peripheral/vd1", ["property"] = "drive", ["value"] = NewNode },
                cancellationToken),
        };
        foreach (var old in (string[])[QemuCommandLine.DiskNode, QemuCommandLine.LayersNode, "w0", "b1", "b0"])
        {
            answers.Add(monitor.ExecuteAsync(
                "blockdev-del", new JsonObject { ["node-name"] = old }, cancellationToken));
        }

        await Task.WhenAll(answers);

        Task AddNode(JsonObject node) => monitor.ExecuteAsync("blockdev-add", node, cancellationToken);
    }

    private static JsonObject FileNode(string name, int fdSet, bool isLayer)
    {
        var node = new JsonObject { ["driver"] = "file", ["node-name"] = name, ["filename"] = $"/dev/fdset/{fdSet}" };
        if (isLayer)
        {
            (node["discard"], node["cache"]) = ("unmap", NoFlush());
        }
        else
        {
            (node["read-only"], node["locking"]) = (true, "off");
        }

        return node;
    }

    private static JsonObject FormatNode(string name, string file, string? backing)
    {
        var node = new JsonObject
        {
            ["driver"] = "qcow2",
            ["node-name"] = name,
            ["file"] = file,
            ["backing"] = backing,
        };
        if (backing is null)
        {
            node["read-only"] = true;
        }
        else
        {
            (node["discard"], node["detect-zeroes"]) = ("unmap", "unmap");
            (node["l2-cache-entry-size"], node["cache"]) = (4096, NoFlush());
        }

        return node;
    }

    // The new disk has the limits of the old one, and goes on in what is left of its burst.
    private static JsonObject ThrottleNode() => new()
    {
        ["driver"] = "throttle",
        ["node-name"] = NewNode,
        ["throttle-group"] = QemuCommandLine.DiskThrottleId,
        ["file"] = NewLayersNode,
        ["discard"] = "unmap",
    };

    private static JsonObject NoFlush() => new() { ["no-flush"] = true };
}
