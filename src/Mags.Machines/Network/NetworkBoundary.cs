using Mags.Machines.Sandboxes;
using Mags.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Network;

/// <summary>
/// The rules that are the boundary of all sandboxes' networks, stood up when they are wanted and do not stand, and again
/// when the host's name servers have changed. Passts are allowed while they stand.
/// </summary>
internal sealed partial class NetworkBoundary(
    HomeFolders folders,
    UidRange uids,
    IOptions<NetworkOptions> options,
    IOptions<MachinesOptions> machines,
    MachinePassts passts,
    TimeProvider time,
    ILogger logger,
    CancellationToken stopping) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private NetworkGround? _ground;
    private string _reason = "It is not set up yet.";
    private long? _failedAt;
    private bool _isRepairing;

    /// <summary>What failed may be repaired; it is looked at again after this, but not for each job anew.</summary>
    internal static TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(5);

    /// <summary>The rules while they stand.</summary>
    internal StandingRules? Standing { get; private set; }

    /// <summary>Why they do not stand; null while they do.</summary>
    internal string? Absence => Standing is null ? _reason : null;

    /// <summary>The same, but null also while they are about to come back.</summary>
    internal string? LastingAbsence => _isRepairing ? null : Absence;

    /// <summary>Is given rules that have just been loaded, to guard them.</summary>
    internal required Action<StandingRules> Loaded { get; init; }

    /// <summary>What a guest is told, as far as can be said now; null when there is no network.</summary>
    internal NetworkSettings? Expect() =>
        Standing is { } standing && Families() is var families and not IpFamilies.None
            ? GuestAddresses.Settings(families, standing.Rules.Resolvers)
            : null;

    /// <summary>What the host has a way out for now.</summary>
    internal IpFamilies Families() => _ground?.Place.Families() ?? IpFamilies.None;

    /// <summary>Has them stand, unless they do or failed just now. Whether they do is told by <see cref="Absence"/>.</summary>
    internal async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (IsCurrent())
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!IsCurrent() && !(_failedAt is { } failed && time.GetElapsedTime(failed) < RetryAfter))
            {
                // Not cancelled with the first who asks: others wait for the same.
                await TryStandUpAsync();
            }
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    /// <summary>Ends all networks because these rules are not any more what was loaded.</summary>
    /// <returns>False when others had taken their place.</returns>
    internal async Task<bool> BreakAsync(StandingRules standing)
    {
        // In turn with whoever loads rules: the removal that was told may be that of rules that others took the place of.
        await _turn.WaitAsync();
        try
        {
            _isRepairing = Standing == standing;
            return _isRepairing && Fall("Somebody removed or changed the nftables rules; they are put back.");
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
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
    }

    // By what it says and not by its time: it may be a link to a file that others write.
    private bool IsCurrent() => Standing is { } standing && standing.Rules.Resolvers.Same(Resolvers.Of(options.Value));

    private async Task TryStandUpAsync()
    {
        try
        {
            await StandUpAsync();
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

    private async Task StandUpAsync()
    {
        _ground ??= await NetworkGround.MakeAsync(
            options.Value, machines.Value.JailPath, folders.Home, stopping);
        var rules = new EgressRules(folders.Home, uids, options.Value, Resolvers.Of(options.Value));
        var standing = await LoadAsync(_ground, rules);
        // Passts that run go on: one set of rules took the place of the other in one step.
        Standing?.Dispose();
        Standing = standing;
        passts.Allow(_ground);
        Loaded(standing);
        LogStands(rules.Table);
        if (Expect() is { NameServers.Count: 0 })
        {
            LogNoNames();
        }
    }

    private async Task<StandingRules> LoadAsync(NetworkGround ground, EgressRules rules)
    {
        var standing = await StandingRules.LoadAsync(ground, rules, stopping);
        try
        {
            await ground.TryPasstAsync(uids, time, stopping);
            return standing;
        }
        catch
        {
            standing.Dispose();
            throw;
        }
    }

    /// <summary>Ends all networks there are.</summary>
    /// <returns>Whether it stood.</returns>
    private bool Fall(string reason)
    {
        _reason = reason;
        passts.Forbid();
        var stood = Standing is not null;
        Standing?.Dispose();
        Standing = null;
        return stood;
    }

    [LoggerMessage(LogLevel.Information, "Sandboxes have a network; its boundary is the nftables table {Table}")]
    private partial void LogStands(string table);

    [LoggerMessage(
        LogLevel.Warning,
        "Sandboxes resolve no names: no name server (Network:Resolvers, else /etc/resolv.conf) has an address of a version of IP that this host has a default route for")]
    private partial void LogNoNames();

    [LoggerMessage(LogLevel.Warning, "Sandboxes get no network: {Reason}")]
    private partial void LogAbsent(string reason);

    [LoggerMessage(LogLevel.Warning, "The nftables table could not be removed: {Reason}")]
    private partial void LogNotRemoved(string reason);
}
