using Mags.Cluster.Tests.Fixtures;
using Mags.Cluster.Workspaces.Sync;
using Mags.Data.Jobs;

namespace Mags.Cluster.Tests.Workspaces;

/// <summary>What is told of how far jobs' disks are in the object store.</summary>
public sealed class SyncStatesTests : IAsyncLifetime
{
    private static readonly DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private TestNode _node = null!;
    private SyncStates _states = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await TestNode.MakeAsync();
        _states = new SyncStates(_node.Workspaces, _node.Files);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task ListAsync_JobsOfAPage_HaveTheStateOfTheirWorkspaces()
    {
        foreach (var (name, error) in ((string, string?)[])[("synced", null), ("failed", "the store is down")])
        {
            var opened = await _node.AddSealedAsync(name);
            _ = await _node.Snapshots.SetSyncedAsync(opened.Workspace.Id, opened.Id, "s", _now, Stop);
            if (error is not null)
            {
                await _node.Snapshots.SetErrorAsync(opened.Workspace.Id, error, Stop);
            }
        }

        var jobs = new List<JobRow>();
        foreach (var name in (string?[])["synced", "new", "failed", null])
        {
            jobs.Add(await _node.AddJobAsync(name));
        }

        jobs.Add(_node.NewJob("synced"));
        var states = await _states.ListAsync(_node.User, jobs, Stop);

        Assert.Equal(
            [SyncState.Synced, SyncState.Pending, SyncState.Error, SyncState.Pending, SyncState.Synced],
            jobs.Select(job => states[job.Id].State));
        Assert.Equal((_now, "the store is down"), (states[jobs[2].Id].LastSyncedAt, states[jobs[2].Id].Error));
        Assert.Equal(states[jobs[1].Id], await _states.GetAsync(jobs[1], Stop));
        jobs[0].WorkspaceId = "none";
        Assert.Null(await _states.GetAsync(jobs[0], Stop));
    }

    [Fact]
    public async Task GetAsync_SandboxThatRuns_IsSyncedUntilItWrites()
    {
        var first = await _node.AddSealedAsync("w");
        var workspace = first.Workspace.Id;
        _ = await _node.Snapshots.SetSyncedAsync(workspace, first.Id, "s", _now, Stop);
        var job = await _node.AddJobAsync("w");
        var open = (await _node.Layers.OpenAsync(_node.User, "w", 2, Stop))!.Id;
        Assert.Equal(SyncState.Synced, await StateAsync(job));

        await _node.WriteAsync(open);
        Assert.Equal(SyncState.Pending, await StateAsync(job));

        // Written to, it is sealed under the guest, which goes on in the next.
        var next = (await _node.Layers.StackAsync(workspace, open, Stop))!.Value;
        Assert.Equal(SyncState.Pending, await StateAsync(job));
        await _node.Layers.SealAsync(workspace, open, 1, Stop);
        Assert.Equal(SyncState.Pending, await StateAsync(job));
        _ = await _node.Snapshots.SetSyncedAsync(workspace, open, "t", _now, Stop);
        Assert.Equal(SyncState.Synced, await StateAsync(job));

        await _node.WriteAsync(next);
        Assert.Equal(SyncState.Pending, await StateAsync(job));
    }

    private async Task<SyncState> StateAsync(JobRow job) => (await _states.GetAsync(job, Stop))!.State;
}
