using System.Globalization;
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
    /// <summary>The node of the disk's own layer.</summary>
    internal const string Own = "q2";

    // Beyond those of the command line.
    private const int FirstSet = 16;

    private readonly List<Task> _answers = [];

    /// <summary>The node of a layer below, the lowest being 0.</summary>
    internal static string Below(int level) => "l" + level.ToString(CultureInfo.InvariantCulture);

    /// <summary>Adds all of a disk.</summary>
    internal void Add(WritableDisk disk)
    {
        for (var level = 0; level < disk.Below.Count; level++)
        {
            var file = "f" + Below(level);
            var source = FileNode(file, FirstSet + level, disk.Below[level]);
            (source["read-only"], source["locking"]) = (true, "off");
            AddNode(source);
            var layer = LayerNode(Below(level), file, level);
            layer["read-only"] = true;
            AddNode(layer);
        }

        AddOwn(disk);
    }

    internal void AddNode(JsonObject node) => Tell("blockdev-add", node);

    internal void Tell(string command, JsonObject arguments) =>
        _answers.Add(monitor.ExecuteAsync(command, arguments, cancellationToken));

    /// <summary>Waits until all of it is carried out.</summary>
    internal Task DoneAsync() => Task.WhenAll(_answers);

    private void AddOwn(WritableDisk disk)
    {
        var file = FileNode("w2", FirstSet + disk.Below.Count, disk.Own);
        var layer = LayerNode(Own, "w2", disk.Below.Count);
        file["discard"] = "unmap";
        (layer["discard"], layer["detect-zeroes"]) = ("unmap", "unmap");
        layer["l2-cache-entry-size"] = 4096;
        if (!disk.IsKept)
        {
            // What a crash of the host would lose is lost with the sandbox anyway.
            (file["cache"], layer["cache"]) = (NoFlush(), NoFlush());
        }

        AddNode(file);
        AddNode(layer);
    }

    private JsonObject FileNode(string name, int set, SafeFileHandle file)
    {
        _answers.Add(monitor.ExecuteAsync("add-fd", new JsonObject { ["fdset-id"] = set }, file, cancellationToken));
        return new JsonObject { ["driver"] = "file", ["node-name"] = name, ["filename"] = $"/dev/fdset/{set}" };
    }

    private static JsonObject LayerNode(string name, string file, int level) => new()
    {
        ["driver"] = "qcow2",
        ["node-name"] = name,
        ["file"] = file,
        ["backing"] = level == 0 ? null : Below(level - 1),
    };

    private static JsonObject NoFlush() => new() { ["no-flush"] = true };
}
