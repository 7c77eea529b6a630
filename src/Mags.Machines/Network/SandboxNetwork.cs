using System.Net.Sockets;
using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Walls;
using Mags.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>
/// The network of this node's sandboxes. It stands while the rules do that are its boundary: no passt is started before
/// them, and when anybody takes them away all that run are ended at once, and the rules are put back for those to come.
/// </summary>
internal sealed partial class SandboxNetwork(
    HomeFolders folders,
    UidRange uids,
    IOptions<NetworkOptions> options,
    IOptions<MachinesOptions> machines,
    TimeProvider time,
    ILogger<SandboxNetwork> logger) : IAsyncDisposable
{
    private const string Stands =
        "nftables keeps sandboxes from this host, from each other and from private networks; a passt for each leads out.";

    private const string NoNames =
        " They resolve no names: no name server has an address of a version of IP that this host has a default route for.";

    internal const string NoRoute = "This host has no default route.";

    // What failed may be repaired; it is looked at again, but not for each job anew.
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _lock = new();
    private readonly HashSet<PasstProcess> _running = [];
    private readonly CancellationTokenSource _stopping = new();
    private NetworkGround? _ground;
    private StandingRules? _standing;
    private Task _guarding = Task.CompletedTask;
    private string _reason = "It is not set up yet.";
    private long? _failedAt;
    private bool _wasTried;
    private bool _isRepairing;

    /// <summary>Whether sandboxes get a network, as one of the server's walls.</summary>
    internal Wall Wall => _standing is null
        ? new Wall(WallNames.Egress, Stands: false, $"Sandboxes get no network. {_reason}")
        : new Wall(WallNames.Egress, Stands: true, Stands + (Expect() is { NameServers.Count: 0 } ? NoNames : ""));

    /// <summary>Why no sandbox gets a network; null while they do.</summary>
    internal string? Absence => _standing is null ? _reason : null;

    /// <summary>The same, but null also while it is about to come back: who asks for one waits for that.</summary>
    internal string? LastingAbsence => _isRepairing ? null : Absence;

    /// <summary>The fault of a machine that must have a network and cannot.</summary>
    internal static MachineException Missing(string reason) =>
        new(MachineFault.NoNetwork, $"The sandbox cannot have the network that was asked for. {reason}");

    /// <summary>Has the network stand, unless it does or failed just now. Whether it does is told by <see cref="Absence"/>.</summary>
    internal async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (IsCurrent())
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!IsCurrent() && !(_failedAt is { } failed && time.GetElapsedTime(failed) < _retryAfter))
            {
                // Not cancelled with the first who asks: others wait for the same.
                await TryStandUpAsync(_stopping.Token);
            }
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    /// <summary>What a machine that waits will be told, as far as can be said now; null when there is no network.</summary>
    internal NetworkSettings? Expect() =>
        _standing is { } standing && _ground?.Place.Families() is { } families and not IpFamilies.None
            ? GuestAddresses.Settings(families, standing.Rules.Resolvers)
            : null;

    /// <summary>Gives a machine a network: passt is started when its guest uses it.</summary>
    /// <returns>What the guest is to be told; null when there is no network.</returns>
    internal NetworkSettings? Attach(RestoredMachine machine)
    {
        var standing = _standing;
        var families = _ground?.Place.Families() ?? IpFamilies.None;
        if (standing is null || families == IpFamilies.None)
        {
            return null;
        }

#pragma warning disable CA2000 // The machine's cleanup owns it.
        var wire = new NetworkWire(machine.Network, end => StartAsync(machine, end, families));
#pragma warning restore CA2000
        machine.Cleanup.Push("end its network", _ => wire.DisposeAsync());
        return GuestAddresses.Settings(families, standing.Rules.Resolvers);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _guarding;
        await _turn.WaitAsync();
        Fall("The server is stopping.");
        if (_ground is { } ground)
        {
            try
            {
                await ground.Nft.RemoveAsync(EgressRules.TableOf(folders.Home), CancellationToken.None);
            }
            catch (MachineException e)
            {
                LogNotRemoved(e.Message);
            }

            ground.Dispose();
        }

        _turn.Dispose();
        _stopping.Dispose();
    }

    // By what it says and not by its time: it may be a link to a file that others write.
    private bool IsCurrent() => _standing is { } standing && standing.Rules.Resolvers.Same(Resolvers.Of(options.Value));

    private async Task<PasstProcess?> StartAsync(RestoredMachine machine, SafeFileHandle end, IpFamilies families)
    {
        try
        {
            // The rules may have been replaced since its claim, or be about to come back.
            await EnsureAsync(_stopping.Token);
            // Under the lock: whatever takes the rules away ends this one too, or it is not started.
            lock (_lock)
            {
                if (_standing is not null)
                {
                    var passt = PasstProcess.Start(
                        _ground!.Confine(machine.Qemu.Confinement), _ground.Passt, end, families, error: null);
                    _ = _running.Add(passt);
                    _ = WatchAsync(machine, passt);
                    return passt;
                }
            }

            LogNotStarted(machine.Folder.Id, _reason);
        }
        catch (Exception e) when (e is MachineException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            LogNotStarted(machine.Folder.Id, e.Message);
        }

        return null;
    }

    private async Task WatchAsync(RestoredMachine machine, PasstProcess passt)
    {
        var exit = await passt.Exited;
        lock (_lock)
        {
            _ = _running.Remove(passt);
        }

        // It ends with its QEMU, whose end may be seen a little later.
        var qemu = machine.Qemu.Exited;
        if (!passt.IsKilled && await Task.WhenAny(qemu, Task.Delay(_retryAfter, time)) != qemu)
        {
            LogPasstEnded(machine.Folder.Id, exit);
        }
    }

    private async Task TryStandUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StandUpAsync(cancellationToken);
            _failedAt = null;
            _isRepairing = false;
        }
        catch (Exception e) when (e is MachineException or IOException)
        {
            _failedAt = time.GetTimestamp();
            var isNew = _reason != e.Message;
            if (Fall(e.Message) || isNew)
            {
                LogAbsent(e.Message);
            }

            _isRepairing = false;
        }
    }

    private async Task StandUpAsync(CancellationToken cancellationToken)
    {
        _ground ??= await NetworkGround.MakeAsync(
            options.Value, machines.Value.JailPath, folders.Home, cancellationToken);
        var rules = new EgressRules(folders.Home, uids, options.Value, Resolvers.Of(options.Value));
        var standing = await LoadAsync(_ground, rules, cancellationToken);
        lock (_lock)
        {
            // Those that run go on: one set of rules took the place of the other in one step.
            _standing?.Dispose();
            _standing = standing;
        }

        _guarding = GuardAsync(standing);
        LogStands(rules.Table);
        if (Expect() is { NameServers.Count: 0 })
        {
            LogNoNames();
        }
    }

    private async Task<StandingRules> LoadAsync(
        NetworkGround ground, EgressRules rules, CancellationToken cancellationToken)
    {
        var standing = await StandingRules.LoadAsync(ground, rules, cancellationToken);
        try
        {
            await TryPasstAsync(ground, cancellationToken);
            return standing;
        }
        catch
        {
            standing.Dispose();
            throw;
        }
    }

    private async Task TryPasstAsync(NetworkGround ground, CancellationToken cancellationToken)
    {
        if (_wasTried)
        {
            return;
        }

        var families = ground.Place.Families();
        if (families == IpFamilies.None)
        {
            throw new MachineException(MachineFault.Setup, NoRoute);
        }

        var uid = uids.Take();
        try
        {
            await PasstTrial.RunAsync(ground.ConfineAlone(uid), ground.Passt, families, time, cancellationToken);
            _wasTried = true;
        }
        finally
        {
            uids.Release(uid);
        }
    }

    private async Task GuardAsync(StandingRules standing)
    {
        try
        {
            await standing.WhenBrokenAsync(_stopping.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server stops, or other rules have taken the place of these.
            return;
        }
        catch (SocketException)
        {
            // Nobody tells any more what becomes of them.
        }

        if (await IsBrokenAsync(standing))
        {
            LogBroken(standing.Rules.Table);
            await RepairAsync();
        }
    }

    // In turn with whoever loads rules: the removal that was told may be that of rules that others took the place of.
    private async Task<bool> IsBrokenAsync(StandingRules standing)
    {
        await _turn.WaitAsync();
        try
        {
            _isRepairing = _standing == standing;
            return _isRepairing && Fall("Somebody removed or changed the nftables rules; they are put back.");
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    private async Task RepairAsync()
    {
        try
        {
            while (_standing is null)
            {
                await EnsureAsync(_stopping.Token);
                if (_standing is null)
                {
                    await Task.Delay(_retryAfter, time, _stopping.Token);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server stops.
        }
    }

    /// <summary>Ends all networks there are.</summary>
    /// <returns>Whether it stood.</returns>
    private bool Fall(string reason)
    {
        lock (_lock)
        {
            _reason = reason;
            var stood = _standing is not null;
            _standing?.Dispose();
            _standing = null;
            foreach (var passt in _running)
            {
                passt.Kill();
            }

            return stood;
        }
    }

    [LoggerMessage(LogLevel.Information, "Sandboxes have a network; its boundary is the nftables table {Table}")]
    private partial void LogStands(string table);

    [LoggerMessage(
        LogLevel.Warning,
        "Sandboxes resolve no names: no name server (Network:Resolvers, else /etc/resolv.conf) has an address of a version of IP that this host has a default route for")]
    private partial void LogNoNames();

    [LoggerMessage(LogLevel.Warning, "Sandboxes get no network: {Reason}")]
    private partial void LogAbsent(string reason);

    [LoggerMessage(
        LogLevel.Error,
        "The nftables table {Table} was changed or removed by somebody else: all sandboxes' networks are ended, and new ones get one when it is back")]
    private partial void LogBroken(string table);

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId} wants to use its network, and there is none: {Reason}")]
    private partial void LogNotStarted(string machineId, string reason);

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId}: its passt {Exit}; the job goes on without a network")]
    private partial void LogPasstEnded(string machineId, ProcessExit exit);

    [LoggerMessage(LogLevel.Warning, "The nftables table could not be removed: {Reason}")]
    private partial void LogNotRemoved(string reason);
}
