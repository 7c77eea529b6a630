using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Mags.Machines.Disks;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Qemu;

/// <summary>
/// Adds the block nodes of a disk to a running QEMU, layer by layer. All commands are written at once; QEMU answers in
/// order. Formats and what lies below are always named: QEMU guesses neither, and believes no header.
/// </summary>
internal sealed class DiskNodes(QmpClient monitor, CancellationToken cancellationToken)
{
    private readonly List<Task> _answers = [];

    /// <summary>Adds all of a disk.</summary>
    internal DiskChain Add(WritableDisk disk)
    {
        var below = AddBelow(disk.Below, null, 0);
        var own = new LayerNode(disk.Own.Path, disk.Below.Count, IsWritable: true);
        AddOwn(own, disk.Own.Handle, below[^1], disk.IsKept);
        return new DiskChain(below, own);
    }

    /// <summary>Adds layers that are only read.</summary>
    /// <param name="layers">Their files, the lowest first.</param>
    /// <param name="under">What the lowest of them lies on; null for nothing.</param>
    /// <param name="number">Number of the lowest; the others' follow.</param>
    internal IReadOnlyList<LayerNode> AddBelow(IReadOnlyList<LayerFile> layers, LayerNode? under, int number)
    {
        var added = new List<LayerNode>();
        foreach (var layer in layers)
        {
            var node = new LayerNode(layer.Path, number++, IsWritable: false);
            var file = FileNode(node, layer.Handle);
            // Immutable, so nobody needs a lock on it.
            (file["read-only"], file["locking"]) = (true, "off");
            AddNode(file);
            var format = FormatNode(node, under);
            format["read-only"] = true;
            AddNode(format);
            added.Add(node);
            under = node;
        }

        return added;
    }

    /// <summary>Adds a layer that is written.</summary>
    internal void AddOwn(LayerNode layer, SafeFileHandle handle, LayerNode? under, bool isKept)
    {
        var file = FileNode(layer, handle);
        file["discard"] = "unmap";
        if (!isKept)
        {
            file["cache"] = NoFlush();
        }

        AddNode(file);
        AddNode(OwnNode(layer, under, isKept));
    }

    /// <summary>Removes layers that nothing uses any more; the topmost first.</summary>
    internal void Remove(IEnumerable<LayerNode> layers)
    {
        foreach (var layer in layers)
        {
            Tell("blockdev-del", new JsonObject { ["node-name"] = layer.Name });
            Tell("blockdev-del", new JsonObject { ["node-name"] = layer.FileName });
            Tell("remove-fd", new JsonObject { ["fdset-id"] = layer.Set });
        }
    }

    /// <summary>
    /// Options of a written layer's format node. Whoever changes one of them later has to repeat all others: QEMU takes
    /// what is not named for its default.
    /// </summary>
    internal static JsonObject OwnNode(LayerNode layer, LayerNode? under, bool isKept)
    {
        var node = FormatNode(layer, under);
        (node["discard"], node["detect-zeroes"]) = ("unmap", "unmap");
        node["l2-cache-entry-size"] = 4096;
        if (!isKept)
        {
            // What a crash of the host would lose is lost with the sandbox anyway.
            node["cache"] = NoFlush();
        }

        return node;
    }

    internal void AddNode(JsonObject node) => Tell("blockdev-add", node);

    internal void Tell(string command, JsonObject arguments, SafeHandle? file = null) =>
        _answers.Add(monitor.ExecuteAsync(command, arguments, file, cancellationToken));

    /// <summary>Waits until all of it is carried out.</summary>
    internal Task DoneAsync() => Task.WhenAll(_answers);

    private JsonObject FileNode(LayerNode layer, SafeFileHandle handle)
    {
        Tell("add-fd", new JsonObject { ["fdset-id"] = layer.Set }, handle);
        return new JsonObject
        {
            ["driver"] = "file",
            ["node-name"] = layer.FileName,
            ["filename"] = $"/dev/fdset/{layer.Set}",
        };
    }

    private static JsonObject FormatNode(LayerNode layer, LayerNode? under) => new()
    {
        ["driver"] = "qcow2",
        ["node-name"] = layer.Name,
        ["file"] = layer.FileName,
        ["backing"] = under?.Name,
    };

    private static JsonObject NoFlush() => new() { ["no-flush"] = true };
}
