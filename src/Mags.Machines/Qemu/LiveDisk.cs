using System.Text.Json.Nodes;
using Mags.Machines.Disks;

namespace Mags.Machines.Qemu;

/// <summary>
/// The layers of a running machine's disk, which change under it: its own is sealed and it goes on in a new one, or others
/// take the place of those below. One change at a time.
/// </summary>
internal sealed class LiveDisk
{
    private readonly QmpClient _monitor;
    private readonly BlankDisk _blank;
    private List<LayerNode> _below;
    private LayerNode _own;
    private int _next;

    internal LiveDisk(QmpClient monitor, WritableDisk disk, DiskChain chain)
    {
        (_monitor, _blank, IsKept) = (monitor, disk.Blank, disk.IsKept);
        (_below, _own) = ([.. chain.Below], chain.Own);
        _next = _own.Number + 1;
    }

    /// <summary>Whether its own layer stays after the machine.</summary>
    internal bool IsKept { get; }

    /// <summary>Makes the layer that comes next, of the same size, and opens it. Nothing uses it yet.</summary>
    /// <exception cref="MachineException">It could not be made, and is not there.</exception>
    internal async Task<LayerNode> PrepareAsync(string path, CancellationToken cancellationToken)
    {
        var layer = new LayerNode(path, _next++, IsWritable: true);
        using var file = MakeFile(path);
        var nodes = new DiskNodes(_monitor, cancellationToken);
        try
        {
            // What it lies on is told by the snapshot.
            nodes.AddOwn(layer, file.Handle, null, IsKept);
            await nodes.DoneAsync();
            return layer;
        }
        catch
        {
            _ = await TryForgetAsync(layer);
            throw;
        }
    }

    /// <summary>Gives up a prepared layer: its file is removed, unless the guest may have written to it.</summary>
    /// <returns>False when QEMU has it in use, or does not say.</returns>
    internal async Task<bool> TryForgetAsync(LayerNode prepared)
    {
        if (!await TryRemoveAsync([prepared]))
        {
            return false;
        }

        File.Delete(prepared.Path);
        return true;
    }

    /// <summary>
    /// Has the guest go on in a prepared layer. QEMU lets what is under way end first and writes out all that it holds of
    /// the old one.
    /// </summary>
    /// <exception cref="MachineException">QEMU refused it, or did not answer.</exception>
    internal async Task SwitchAsync(LayerNode prepared)
    {
        // Not given up halfway: it would not be known which one is written.
        _ = await _monitor.ExecuteAsync(
            "blockdev-snapshot",
            new JsonObject { ["node"] = _own.Name, ["overlay"] = prepared.Name },
            CancellationToken.None);
        _below.Add(_own);
        _own = prepared;
    }

    /// <summary>Has QEMU read the sealed layers by files that it cannot write; those it wrote are closed.</summary>
    internal Task CloseSealedAsync() => ReplaceAsync([.. _below.Select(layer => layer.Path)], CancellationToken.None);

    /// <summary>Puts others in the place of the layers below its own. Those that stay at the bottom stay open.</summary>
    /// <exception cref="MachineException">It could not be done.</exception>
    internal async Task ReplaceAsync(IReadOnlyList<string> layers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(layers.Count);
        var same = 0;
        while (same < Math.Min(_below.Count, layers.Count) && !_below[same].IsWritable && _below[same].Path == layers[same])
        {
            same++;
        }

        if (same == _below.Count && same == layers.Count)
        {
            return;
        }

        var chain = _below[..same];
        chain.AddRange(await OpenAsync([.. layers.Skip(same)], chain.LastOrDefault(), cancellationToken));
        try
        {
            await ReopenOwnAsync(chain[^1]);
        }
        catch (MachineException)
        {
            _ = await TryRemoveAsync(chain[same..]);
            throw;
        }

        var gone = _below[same..];
        _below = chain;
        await RemoveAsync(gone);
    }

    private LayerFile MakeFile(string path)
    {
        if (File.Exists(path))
        {
            throw new MachineException(MachineFault.NoDisk, $"There is a layer at {path} already.");
        }

        try
        {
            return LayerFile.Make(_blank, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(path);
            throw new MachineException(MachineFault.NoResources, $"The layer {path} could not be made: {e.Message}", e);
        }
    }

    private async Task<IReadOnlyList<LayerNode>> OpenAsync(
        IReadOnlyList<string> paths, LayerNode? under, CancellationToken cancellationToken)
    {
        var files = LayerFile.ForReading(paths);
        var nodes = new DiskNodes(_monitor, cancellationToken);
        IReadOnlyList<LayerNode> added = [];
        try
        {
            added = nodes.AddBelow(files, under, _next);
            _next += files.Count;
            await nodes.DoneAsync();
            return added;
        }
        catch
        {
            _ = await TryRemoveAsync(added);
            throw;
        }
        finally
        {
            foreach (var file in files)
            {
                file.Dispose();
            }
        }
    }

    private async Task ReopenOwnAsync(LayerNode under)
    {
        var options = new JsonArray(DiskNodes.OwnNode(_own, under, IsKept));
        _ = await _monitor.ExecuteAsync(
            "blockdev-reopen", new JsonObject { ["options"] = options }, CancellationToken.None);
    }

    private async Task<bool> TryRemoveAsync(IReadOnlyList<LayerNode> layers)
    {
        try
        {
            await RemoveAsync(layers);
            return true;
        }
        catch (MachineException)
        {
            return false;
        }
    }

    private Task RemoveAsync(IReadOnlyList<LayerNode> layers)
    {
        var nodes = new DiskNodes(_monitor, CancellationToken.None);
        nodes.Remove(layers.Reverse());
        return nodes.DoneAsync();
    }
}
