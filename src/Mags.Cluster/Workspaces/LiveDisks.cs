using System.Collections.Concurrent;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Machines.Disks;
using Microsoft.Extensions.Logging;

namespace Mags.Cluster.Workspaces;

/// <summary>
/// The disks of workspaces whose sandboxes run on this node. What their guests have written can be sealed while they go on:
/// in a new layer, which lies on the one that is sealed.
/// </summary>
internal sealed partial class LiveDisks(LayerStore layers, LayerFiles files, ILogger<LiveDisks> logger)
{
    private readonly ConcurrentDictionary<Guid, LiveDisk> _disks = new();

    /// <summary>The workspaces that sandboxes write to now.</summary>
    public IEnumerable<Guid> Workspaces => _disks.Keys;

    /// <summary>Begins with a disk that is kept; its workspace's open layer is the machine's own.</summary>
    public void Add(JobDisk disk, IMachine machine) => _disks[disk.Kept!.Value] = new LiveDisk(disk, machine);

    /// <summary>Ends with a workspace: its machine is about to end. Returns when no seal is under way any more.</summary>
    public async Task RemoveAsync(Guid workspace)
    {
        if (_disks.TryRemove(workspace, out var live))
        {
            await live.Turn.WaitAsync();
            live.IsOver = true;
            _ = live.Turn.Release();
        }
    }

    /// <summary>Whether a guest has written what is not sealed; its sandbox may be about to end.</summary>
    public async Task<bool> HasChangedAsync(Guid workspace, CancellationToken cancellationToken)
    {
        var open = await layers.ListOpenAsync(workspace, cancellationToken);
        return open.Any(files.HasChanged);
    }

    /// <summary>
    /// Seals what the guest has written until now, when it has written anything. Where its sandbox is about to end, its end
    /// does it.
    /// </summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="isAsked">
    /// Whether somebody asked for it: then also what the guest has in its memory only is brought to its disk.
    /// </param>
    /// <param name="cancellationToken">Gives up before it begins.</param>
    /// <returns>Whether all that was written before this call is sealed.</returns>
    /// <exception cref="MachineException">It could not be sealed; the guest goes on as before.</exception>
    public async Task<bool> SealAsync(Guid workspace, bool isAsked, CancellationToken cancellationToken)
    {
        var isSealed = false;
        await InTurnAsync(
            workspace,
            async live =>
            {
                await NoteSealedAsync(workspace, live);
                var open = await layers.ListOpenAsync(workspace, cancellationToken);
                if (open is [var written, var unmade] && !files.Exists(unmade))
                {
                    // A seal that failed before it began, and whose row could not be taken back.
                    await layers.AbandonAsync(workspace, unmade, CancellationToken.None);
                    open = [written];
                }

                // Two are open where it is not known which of them is written to: that is seen at the end.
                if (open.Count == 1 && (isAsked || files.HasChanged(open[0]))
                    && await layers.StackAsync(workspace, open[0], cancellationToken) is { } next)
                {
                    await SealAsync(workspace, live, open[0], next);
                    isSealed = true;
                }
            },
            cancellationToken);
        return isSealed || !await HasChangedAsync(workspace, cancellationToken);
    }

    /// <summary>Does something with a disk and its machine, one at a time. Nothing happens when no sandbox runs.</summary>
    public Task UseAsync(Guid workspace, Func<JobDisk, IMachine, Task> use, CancellationToken cancellationToken) =>
        InTurnAsync(workspace, live => use(live.Disk, live.Machine), cancellationToken);

    private async Task InTurnAsync(Guid workspace, Func<LiveDisk, Task> use, CancellationToken cancellationToken)
    {
        if (!_disks.TryGetValue(workspace, out var live))
        {
            return;
        }

        await live.Turn.WaitAsync(cancellationToken);
        try
        {
            if (!live.IsOver)
            {
                await use(live);
            }
        }
        finally
        {
            _ = live.Turn.Release();
        }
    }

    // Not to be cut off half-way.
    private async Task SealAsync(Guid workspace, LiveDisk live, Guid layer, Guid next)
    {
        try
        {
            var seal = await live.Machine.SealLayerAsync(files.PathOf(next), CancellationToken.None);
            LogSealed(layer, workspace, seal.IsFrozen, seal.Pause.TotalMilliseconds);
        }
        catch when (!File.Exists(files.PathOf(next)))
        {
            await layers.AbandonAsync(workspace, next, CancellationToken.None);
            throw;
        }

        live.Sealed = layer;
        await NoteSealedAsync(workspace, live);
    }

    /// <summary>Has a layer that the guest has left known as sealed; the next seal does so where this one cannot.</summary>
    private async Task NoteSealedAsync(Guid workspace, LiveDisk live)
    {
        if (live.Sealed is { } layer)
        {
            await layers.SealAsync(workspace, layer, files.Flush(layer) ?? 0, CancellationToken.None);
            live.Sealed = null;
        }
    }

    private sealed class LiveDisk(JobDisk disk, IMachine machine)
    {
        public JobDisk Disk { get; } = disk;

        public IMachine Machine { get; } = machine;

        // Never disposed: it holds nothing but memory, and somebody may still wait for it.
        public SemaphoreSlim Turn { get; } = new(1);

        public bool IsOver { get; set; }

        /// <summary>The layer that its guest has left, as long as its row does not say so.</summary>
        public Guid? Sealed { get; set; }
    }

    [LoggerMessage(LogLevel.Debug, "Layer {Layer} of workspace {Workspace} was sealed while its guest runs (frozen: {Frozen}, {Milliseconds} ms)")]
    private partial void LogSealed(Guid layer, Guid workspace, bool frozen, double milliseconds);
}
