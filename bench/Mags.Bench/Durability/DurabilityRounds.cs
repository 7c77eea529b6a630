using System.Diagnostics;
using Mags.Client.Errors;

namespace Mags.Bench.Durability;

/// <summary>
/// Rounds of sandboxes that write, of syncs, merges, deletions and restores, each ended by <c>kill -9</c> at a random moment.
/// What was acknowledged has to be there then.
/// </summary>
internal sealed class DurabilityRounds
{
    private const int LongestMs = 4000;
    private const int LongestBetweenMs = 300;

    // Of so many rounds one loses the node.
    private const int NodeEach = 4;

    // From so many rounds one fork stays: it is read in that one and in the next.
    private const int ForkEach = 2;

    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private readonly DurableNode _node;
    private readonly DurabilityResult _result = new();
    private readonly Random _random;
    private readonly IReadOnlyList<WorkspaceModel> _persistent = [new("p0", isPersistent: true), new("p1", isPersistent: true)];

    // Those that the server has told of and that are not deleted, the oldest first.
    private readonly List<WorkspaceFork> _forks = [];
    private WorkspaceFork? _staying;

    private DurabilityRounds(DurableNode node, int seed) => (_node, _random) = (node, new Random(seed));

    public static async Task<DurabilityResult> RunAsync(
        BenchOptions options, int rounds, int seed, Action<string> tell, CancellationToken cancellationToken)
    {
        await using var node = await DurableNode.StartAsync(options, cancellationToken);
        var run = new DurabilityRounds(node, seed);
        for (var round = 0; round < rounds; round++)
        {
            var before = run._result.Faults.Count();
            var told = await run.RunOneAsync(round, cancellationToken);
            told += $"; {run._result.Faults.Count() - before} faults";
            run._result.Rounds.Add(told);
            tell(told);
        }

        run._result.Flushes += run._persistent.Sum(workspace => workspace.Flushes);
        run._result.Syncs = run._persistent.Sum(workspace => workspace.Syncs);
        run._result.Orphans.AddRange(await run._node.FindOrphansAsync(cancellationToken));
        return run._result;
    }

#pragma warning disable CA5394 // What is chosen must be the same for the same seed, and guards nothing.
    private async Task<string> RunOneAsync(int round, CancellationToken cancellationToken)
    {
        var kill = round % NodeEach == NodeEach - 1 ? Kill.Node : (Kill)_random.Next((int)Kill.Node);
        var isAtOnce = kill == Kill.Node && _random.Next(2) == 0;
        var moment = TimeSpan.FromMilliseconds(_random.Next(LongestMs));
        var workspaces = kill == Kill.Node
            ? _persistent
            : [.. _persistent, new WorkspaceModel($"l{round}", isPersistent: false)];
        var flushes = workspaces.Sum(workspace => workspace.Flushes);
        var syncs = workspaces.Sum(workspace => workspace.Syncs);
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        foreach (var workspace in workspaces)
        {
            await workspace.BeginAsync(_node.Client, cancellationToken);
        }

        var listening = ListenAsync(round, workspaces, killed.Token);
        await WaitUntilAsync("all write", () => workspaces.All(IsUnderWay), cancellationToken);
        var writing = Stopwatch.GetTimestamp();
        await Task.Delay(moment, TimeProvider.System, cancellationToken);
        if (isAtOnce)
        {
            // When a sync has just been told of: were it told too early, it would not be in the store yet.
            var told = workspaces.Max(workspace => workspace.LastSync);
            await WaitUntilAsync(
                "another sync is told of", () => workspaces.Max(workspace => workspace.LastSync) > told, cancellationToken);
        }

        var victims = await KillAsync(kill, killed, cancellationToken);
        await listening;
        if (kill == Kill.Node)
        {
            await LoseAsync(workspaces, isAtOnce, cancellationToken);
        }

        var dead = Stopwatch.GetTimestamp();
        await ReturnAsync(kill, round, cancellationToken);
        var back = Stopwatch.GetTimestamp();
        if (round % ForkEach == 0)
        {
            _staying = _forks.FindLast(fork => fork.IsFresh) ?? _forks.FindLast(fork => fork.IsSealed);
        }

        await CheckAsync(round, kill, workspaces, cancellationToken);
        return $"round {round}: {victims} {moment.TotalMilliseconds:F0} ms after all wrote, which took "
            + $"{Stopwatch.GetElapsedTime(began, writing).TotalSeconds:F1} s; back after "
            + $"{Stopwatch.GetElapsedTime(dead, back).TotalSeconds:F1} s, read after {Stopwatch.GetElapsedTime(back).TotalSeconds:F1} s; "
            + $"{workspaces.Sum(workspace => workspace.Flushes) - flushes} flushes, "
            + $"{workspaces.Sum(workspace => workspace.Syncs) - syncs} syncs";

        // A node may be lost only when there is something in the store.
        bool IsUnderWay(WorkspaceModel workspace) => workspace.IsHeard && (kill != Kill.Node || workspace.IsSynced);
    }

    private async Task ListenAsync(int round, IReadOnlyList<WorkspaceModel> workspaces, CancellationToken killed)
    {
        var client = _node.Client;
        await Task.WhenAll(
            workspaces.Select(workspace => workspace.ListenAsync(client, killed)).Append(ForkAsync(round, killed)));
    }

    /// <summary>Forks workspaces that are written to and deletes older forks, again and again.</summary>
    private async Task ForkAsync(int round, CancellationToken killed)
    {
        try
        {
            for (var number = 0; ; number++)
            {
                var origin = _persistent[number % 2];
                var told = origin.LastSync;

                // Others right when a sync is told of: these have its layer at the top, and nothing later that hides its loss.
                var isFresh = number % 4 < 2;
                while (isFresh && origin.LastSync == told)
                {
                    await Task.Delay(_glance, TimeProvider.System, killed);
                }

                var fork = new WorkspaceFork($"f{round}-{number}", origin, origin.LastSync, isFresh);
                if (await _node.TryForkAsync(origin.Name, fork.Name, killed))
                {
                    _forks.Add(fork);
                }

                if (_forks.Where(old => old != _staying).Skip(2).Any())
                {
                    await DeleteAsync(_forks.First(old => old != _staying), killed);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(400), TimeProvider.System, killed);
            }
        }
        catch (Exception exception) when (exception is MagsApiException or HttpRequestException or IOException or OperationCanceledException)
        {
            // What is left is deleted at the end.
        }
    }

    private async Task<string> KillAsync(Kill kill, CancellationTokenSource killed, CancellationToken cancellationToken)
    {
        string victims;
        if (kill is Kill.Qemu or Kill.Both)
        {
            var machines = _node.Machines;
            var machine = machines[_random.Next(machines.Count)];
            DurableNode.Kill(machine);
            victims = $"killed QEMU {machine.Pid} of {machines.Count}";
            if (kill == Kill.Qemu)
            {
                // The others go on for a while.
                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(LongestBetweenMs)), TimeProvider.System, cancellationToken);
                await killed.CancelAsync();
                return victims;
            }

            victims += " and the server";
        }
        else
        {
            victims = kill == Kill.Node ? "lost the node" : $"killed the {kill}";
        }

        await _node.KillAsync(cancellationToken);
        await killed.CancelAsync();

        // Not before they have gone on without a server for a moment.
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(LongestBetweenMs)), TimeProvider.System, cancellationToken);
        _node.KillMachines();
        return victims;
    }

    /// <summary>Loses the node: at once, or when the next server has begun to sync what the dead one left.</summary>
    private async Task LoseAsync(
        IReadOnlyList<WorkspaceModel> workspaces, bool isAtOnce, CancellationToken cancellationToken)
    {
        if (!isAtOnce)
        {
            await _node.ReturnAsync(evict: false, cancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(LongestMs / 4)), TimeProvider.System, cancellationToken);
            foreach (var workspace in workspaces)
            {
                await workspace.HearAsync(_node.Client, cancellationToken);
            }

            await _node.KillAsync(cancellationToken);
            _node.KillMachines();
        }

        await _node.LoseAsync(cancellationToken);
    }

    private async Task ReturnAsync(Kill kill, int round, CancellationToken cancellationToken)
    {
        if (kill == Kill.Qemu)
        {
            return;
        }

        // Every other time all that is whole in the store is removed from the node, and has to come back.
        await _node.ReturnAsync(evict: round % 2 == 1, cancellationToken);
        if (kill == Kill.ServerTwice)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(LongestMs / 4)), TimeProvider.System, cancellationToken);
            await _node.KillAsync(cancellationToken);
            await _node.ReturnAsync(evict: round % 2 == 1, cancellationToken);
        }
    }
#pragma warning restore CA5394

    private async Task CheckAsync(
        int round, Kill kill, IReadOnlyList<WorkspaceModel> workspaces, CancellationToken cancellationToken)
    {
        var checks = (await Task.WhenAll(workspaces.Select(
            workspace => CheckAsync(round, kill, workspace, cancellationToken)))).SelectMany(check => check).ToList();
        var lost = checks.SelectMany(check => check.Lost).Select(fault => $"round {round}: {fault}");
        (kill == Kill.Node ? _result.Unreadable : _result.Lost).AddRange(lost);
        _result.Unclean.AddRange(checks.SelectMany(check => check.Unclean).Select(fault => $"round {round}: {fault}"));
        foreach (var workspace in workspaces.Where(workspace => !workspace.IsPersistent))
        {
            _result.Flushes += workspace.Flushes;
            _ = await _node.Client.DeleteWorkspaceAsync(workspace.Name, cancellationToken);
        }

        if (_staying is { } staying && round % ForkEach == ForkEach - 1)
        {
            _staying = null;
            await DeleteAsync(staying, cancellationToken);
        }
    }

    /// <summary>Reads a workspace, and the fork of it that stays.</summary>
    private async Task<IReadOnlyList<CheckResult>> CheckAsync(
        int round, Kill kill, WorkspaceModel workspace, CancellationToken cancellationToken)
    {
        var client = _node.Client;
        await workspace.EndAsync(client, cancellationToken);
        if (kill == Kill.Node)
        {
            workspace.FallBack();
        }

        List<Task<CheckResult>> checks = [workspace.CheckAsync(client, cancellationToken)];
        if (_staying is { } staying && staying.Origin == workspace)
        {
            // First as a base, which leaves it as it is for the next round.
            checks.Add(staying.CheckAsync(client, asBase: round % ForkEach == 0, cancellationToken));
            _result.Forks++;
        }

        return await Task.WhenAll(checks);
    }

    private async Task DeleteAsync(WorkspaceFork fork, CancellationToken cancellationToken)
    {
        // Before it is asked for: the server may be killed before it answers.
        _ = _forks.Remove(fork);
        _ = await _node.Client.DeleteWorkspaceAsync(fork.Name, cancellationToken);
    }

    private static async Task WaitUntilAsync(string what, Func<bool> isSo, CancellationToken cancellationToken)
    {
        var until = TimeProvider.System.GetUtcNow() + _patience;
        while (!isSo())
        {
            if (TimeProvider.System.GetUtcNow() > until)
            {
                throw new TimeoutException($"It was waited for {_patience.TotalSeconds} s until {what}.");
            }

            await Task.Delay(_glance, TimeProvider.System, cancellationToken);
        }
    }
}
