using Grpc.Core;
using Mags.Machines.Agent;
using Mags.Machines.Qemu;
using Mags.Protocol;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Sandboxes;

/// <summary>Seals layers of a running machine, one after the other, while its guest holds still for a moment.</summary>
/// <param name="machineId">The machine.</param>
/// <param name="channel">Its agent.</param>
/// <param name="kill">Ends its QEMU at once.</param>
/// <param name="time">For how long its guest may take.</param>
/// <param name="logger">Gets what goes wrong without a fault.</param>
internal sealed partial class LayerSealer(
    string machineId, AgentChannel channel, Action kill, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How long the guest may take to hold still, and to let go again, before it goes on without its help.</summary>
    internal static readonly TimeSpan GuestLimit = TimeSpan.FromSeconds(2);

    private static readonly ThawDiskReply _notHeld = new();

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Waits until nobody else changes the disk's layers. Nobody does until it is disposed.</summary>
    internal async Task<IDisposable> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Turn(_turn);
    }

    /// <summary>Seals the layer that is written and has the guest go on in one made at a path.</summary>
    internal async Task<LayerSeal> SealAsync(LiveDisk disk, string next, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        // All that can be done before the guest stands still is.
        var prepared = await disk.PrepareAsync(next, cancellationToken);
        LayerSeal seal;
        try
        {
            seal = await SwitchAsync(disk, prepared, cancellationToken);
        }
        catch
        {
            if (!await disk.TryForgetAsync(prepared))
            {
                // Nobody knows which of the two it writes to: both are kept, and it must not go on.
                kill();
            }

            throw;
        }

        await CloseSealedAsync(disk);
        LogSealed(logger, machineId, next, seal.IsFrozen, seal.Pause.TotalMilliseconds);
        return seal;
    }

    /// <summary>Waits for the change that is under way, which ends with its machine.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _turn.Dispose();
    }

    private async Task<LayerSeal> SwitchAsync(LiveDisk disk, LayerNode prepared, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var isFrozen = await FreezeAsync(cancellationToken);
        var frozen = time.GetTimestamp();
        var thawed = _notHeld;
        TimeSpan pause;
        try
        {
            await disk.SwitchAsync(prepared);
        }
        finally
        {
            pause = time.GetElapsedTime(frozen);
            if (isFrozen)
            {
                thawed = await ThawAsync();
            }
        }

        // The guest's word is taken as far as it can be true.
        var longest = (long)time.GetElapsedTime(start).TotalMicroseconds;
        return thawed.Held
            ? new LayerSeal(true, TimeSpan.FromMicroseconds(Math.Clamp(thawed.FrozenUs, 0, longest)))
            : new LayerSeal(false, pause);
    }

    private async Task<bool> FreezeAsync(CancellationToken cancellationToken)
    {
        var reply = await AskAsync(
            "hold still", token => channel.Client.FreezeDiskAsync(new FreezeDiskRequest(), cancellationToken: token), cancellationToken);
        // Left, it lets go when it hears of that, or by itself.
        cancellationToken.ThrowIfCancellationRequested();
        return reply is not null;
    }

    private async Task<ThawDiskReply> ThawAsync() =>
        await AskAsync(
            "let go",
            token => channel.Client.ThawDiskAsync(new ThawDiskRequest(), cancellationToken: token),
            CancellationToken.None) ?? _notHeld;

    /// <returns>The guest's answer; null when there is none in time.</returns>
    private async Task<T?> AskAsync<T>(
        string what, Func<CancellationToken, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
        where T : class
    {
        using var timer = new CancellationTokenSource(GuestLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            return await call(limit.Token);
        }
#pragma warning disable CA1031 // A guest's bytes raise what they like, and its disk is sealed without its help.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotAnswered(logger, machineId, what, e.Message);
            return null;
        }
    }

    private async Task CloseSealedAsync(LiveDisk disk)
    {
        try
        {
            await disk.CloseSealedAsync();
        }
#pragma warning disable CA1031 // Whatever it is, as that no file can be opened: the guest goes on in the next layer.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // It is sealed nevertheless: nothing in QEMU writes to it any more.
            LogNotClosed(logger, machineId, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Machine {MachineId}: goes on in layer {Next}; frozen: {IsFrozen}, pause {Milliseconds} ms")]
    private static partial void LogSealed(
        ILogger logger, string machineId, string next, bool isFrozen, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId} did not {What} in time: {Reason}")]
    private static partial void LogNotAnswered(ILogger logger, string machineId, string what, string reason);

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId}: QEMU still has a sealed layer open for writing: {Reason}")]
    private static partial void LogNotClosed(ILogger logger, string machineId, string reason);

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
