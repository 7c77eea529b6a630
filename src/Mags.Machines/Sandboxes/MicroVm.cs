using System.Runtime.CompilerServices;
using Grpc.Core;
using Mags.Machines.Acceleration;
using Mags.Machines.Agent;
using Mags.Machines.Qemu;
using Mags.Machines.Templates;
using Mags.Protocol;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Sandboxes;

/// <summary>A claimed guest in a QEMU of its own.</summary>
internal sealed partial class MicroVm : IMachine
{
    // What a guest may be late with its answer that a process's time is over.
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(30);

    // The longest delay that a timer takes. Who gives a script more gives it no limit.
    private static readonly TimeSpan _longest = TimeSpan.FromMilliseconds(int.MaxValue);
    private static readonly TimeSpan _consoleLimit = TimeSpan.FromSeconds(2);
    private static readonly MachineExit _givenBack = new(MachineExitCause.Disposed, "The machine was given back.");

    private readonly QemuProcess _qemu;
    private readonly AgentChannel _channel;
    private readonly GuestCall _call;
    private readonly MachineFolder _folder;
    private readonly CleanupStack _cleanup;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<MachineExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationToken _overToken;
    private readonly Task _watching;
    private readonly Task _pulse;
    private readonly LayerSealer _sealer;

    internal MicroVm(
        MachineFolder folder,
        QemuProcess qemu,
        AgentChannel channel,
        GuestCall call,
        Template template,
        IReadOnlyList<MachineStep> steps,
        CleanupStack cleanup,
        TimeProvider time,
        ILogger logger)
    {
        _folder = folder;
        _qemu = qemu;
        _channel = channel;
        _call = call;
        _cleanup = cleanup;
        _time = time;
        _logger = logger;
        Accelerator = template.Recipe.Accelerator.Name();
        ImageDigest = template.Recipe.ImageDigest;
        Steps = steps;
        _overToken = _over.Token;
        _watching = WatchAsync();
        _sealer = new LayerSealer(Id, channel, qemu.Kill, time, logger);
        _pulse = GuestPulse.KeepAsync(channel, time, _overToken);
    }

    public string Id => _folder.Id;

    public string Accelerator { get; }

    public string ImageDigest { get; }

    public IReadOnlyList<MachineStep> Steps { get; }

    public Task<MachineExit> Ended => _ended.Task;

    /// <summary>Process id of its QEMU.</summary>
    internal int Pid => _qemu.Pid;

    /// <summary>Its QEMU's monitor.</summary>
    internal QmpClient Monitor => _qemu.Monitor;

    /// <summary>The channel to its agent.</summary>
    internal AgentChannel Channel => _channel;

    public async Task PutFilesAsync(IReadOnlyList<MachineFile> files, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _overToken);
        try
        {
            await GuestFiles.PutAsync(_channel, files, _time, either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or MachineException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_overToken.IsCancellationRequested)
            {
                throw new MachineException(MachineFault.Ended, (await Ended).Message, e);
            }

            throw;
        }
    }

    public async IAsyncEnumerable<ProcessEvent> RunAsync(
        ProcessSpec process, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watchdog = process.Timeout + _grace is { } limit && limit <= _longest
            ? new CancellationTokenSource(limit, _time)
            : new CancellationTokenSource();
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _overToken, watchdog.Token);
        await using var guest = new GuestProcess(_channel, process, _time, any.Token)
        {
            Opened = _call.Take(),
        };
        while (await NextAsync(guest, watchdog, cancellationToken) is { } next)
        {
            yield return next;
        }
    }

    public async Task<bool> SealDiskAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _overToken);
        try
        {
            // A layer that is just being sealed comes first; nobody can seal one after this.
            using var turn = await _sealer.TakeTurnAsync(either.Token);
            _ = await _channel.Client.SealDiskAsync(new SealDiskRequest(), cancellationToken: either.Token);
            // Its own end, which must not kill it: what QEMU has not written yet it writes when it quits.
            if (!_ended.TrySetResult(_givenBack))
            {
                return false;
            }

            await _qemu.QuitAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (
            e is RpcException or HttpRequestException or IOException or MachineException or TimeoutException
                or OperationCanceledException or ObjectDisposedException)
        {
            LogNotSealed(_logger, Id, e.Message);
            return false;
        }
    }

    public Task<LayerSeal> SealLayerAsync(string next, CancellationToken cancellationToken) =>
        _qemu.Disk is { IsKept: true }
            ? ChangeLayersAsync((disk, token) => _sealer.SealAsync(disk, next, token), cancellationToken)
            : throw new InvalidOperationException("The machine's disk is not kept.");

    public Task ReplaceLayersAsync(IReadOnlyList<string> layers, CancellationToken cancellationToken) =>
        ChangeLayersAsync(
            async (disk, token) =>
            {
                using var turn = await _sealer.TakeTurnAsync(token);
                await disk.ReplaceAsync(layers, token);
                return true;
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await EndAsync(_givenBack);
        // It may have ended before without a word to those who listen.
        await _over.CancelAsync();
        await _cleanup.DisposeAsync();
        await _watching;
        await _pulse;
        await _sealer.DisposeAsync();
        _over.Dispose();
    }

    private async Task<T> ChangeLayersAsync<T>(
        Func<LiveDisk, CancellationToken, Task<T>> change, CancellationToken cancellationToken)
    {
        var disk = _qemu.Disk
            ?? throw new InvalidOperationException("The machine's disk started from no layers.");
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _overToken);
        try
        {
            return await change(disk, either.Token);
        }
        catch (Exception e) when (
            e is MachineException or OperationCanceledException && Ended.IsCompleted
            && !cancellationToken.IsCancellationRequested)
        {
            throw new MachineException(MachineFault.Ended, (await Ended).Message, e);
        }
    }

    private async Task<ProcessEvent?> NextAsync(
        GuestProcess guest, CancellationTokenSource watchdog, CancellationToken cancellationToken)
    {
        try
        {
            return await guest.NextAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or HttpRequestException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (watchdog.IsCancellationRequested)
            {
                await EndAsync(new MachineExit(
                    MachineExitCause.AgentLost, "The guest did not end the process when its time was over."));
            }

            throw new MachineException(MachineFault.Ended, (await Ended).Message, e);
        }
        catch (MachineException e) when (e.InnerException is not null)
        {
            // The agent is lost, unless the guest's end explains it.
            await EndAsync(new MachineExit(MachineExitCause.AgentLost, e.Message));
            throw new MachineException(MachineFault.Ended, (await Ended).Message, e);
        }
    }

    private async Task WatchAsync()
    {
        var first = await Task.WhenAny(_qemu.Shutdown, _qemu.Exited);
        if (first == _qemu.Shutdown)
        {
            using var limit = new CancellationTokenSource(_consoleLimit, _time);
            var console = "";
            try
            {
                console = await _qemu.ReadConsoleAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                // A QEMU that does not answer leaves the cause a little less exact.
            }

            await EndAsync(GuestEnd.Of(await _qemu.Shutdown, console));
        }
        else
        {
            await EndAsync(GuestEnd.OfHypervisor(await _qemu.Exited, _folder.LastError(), _qemu.ExceededMemory));
        }
    }

    // The first to tell an end is right: what follows is its consequence.
    private async Task EndAsync(MachineExit exit)
    {
        if (_ended.TrySetResult(exit))
        {
            LogEnded(_logger, Id, exit.Cause, exit.Message);
            _qemu.Kill();
            await _over.CancelAsync();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId} could not close its disk; its journal will be replayed: {Reason}")]
    private static partial void LogNotSealed(ILogger logger, string machineId, string reason);

    [LoggerMessage(LogLevel.Information, "Machine {MachineId} ended: {Cause}: {Reason}")]
    private static partial void LogEnded(ILogger logger, string machineId, MachineExitCause cause, string reason);
}
