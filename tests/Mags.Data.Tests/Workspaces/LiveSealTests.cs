using Mags.Data.Tests.Fixtures;
using Mags.Data.Workspaces;

namespace Mags.Data.Tests.Workspaces;

/// <summary>How a layer is sealed while its machine goes on in the next: a crash at any moment loses neither.</summary>
public sealed class LiveSealTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task StackAsync_UntilTheLowerIsSealed_BothAreOpen(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var open = await OpenAsync(database);
        var workspace = open.Workspace.Id;

        var next = (await database.Layers.StackAsync(workspace, open.Id, RunToken))!.Value;

        Assert.Equal([open.Id, next], await database.Layers.ListOpenAsync(workspace, RunToken));
        Assert.Equal([.. open.Below, open.Id], await database.Layers.ListBelowAsync(next, RunToken));
        await database.Layers.SealAsync(workspace, open.Id, 5, RunToken);
        Assert.Equal([next], await database.Layers.ListOpenAsync(workspace, RunToken));
        await database.Layers.SealAsync(workspace, next, 7, RunToken);
        Assert.Empty(await database.Layers.ListOpenAsync(workspace, RunToken));
        var read = (await database.Workspaces.ReadAsync(open.Workspace.UserId, "w", RunToken))!;
        Assert.Equal([.. open.Below, open.Id, next], read.Layers);
        Assert.Equal(12, read.Workspace.Bytes);
    }

    [Theory, EachDatabase]
    public async Task AbandonAsync_TheUpperOfTwo_LeavesTheLowerOpen(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var open = await OpenAsync(database);
        var next = (await database.Layers.StackAsync(open.Workspace.Id, open.Id, RunToken))!.Value;

        await database.Layers.AbandonAsync(open.Workspace.Id, next, RunToken);

        Assert.Equal([open.Id], await database.Layers.ListOpenAsync(open.Workspace.Id, RunToken));
    }

    [Theory, EachDatabase]
    public async Task StackAsync_OnALayerThatIsNotTheOpenOne_DoesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var open = await OpenAsync(database);

        Assert.Null(await database.Layers.StackAsync(open.Workspace.Id, open.Below[0], RunToken));
        Assert.Null(await database.Layers.StackAsync(Guid.NewGuid(), open.Id, RunToken));

        Assert.Equal([open.Id], await database.Layers.ListOpenAsync(open.Workspace.Id, RunToken));
    }

    [Theory, EachDatabase]
    public async Task SealAsync_ALayerThatDoesNotFollowTheSealedOne_DoesNothing(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var open = await OpenAsync(database);
        var next = (await database.Layers.StackAsync(open.Workspace.Id, open.Id, RunToken))!.Value;

        await database.Layers.SealAsync(open.Workspace.Id, next, 7, RunToken);

        Assert.Equal([open.Id, next], await database.Layers.ListOpenAsync(open.Workspace.Id, RunToken));
    }

    [Theory, EachDatabase]
    public async Task StackAsync_WorkspaceMadeLargerMeanwhile_HasTheSizeOfTheMachinesDisk(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var open = await OpenAsync(database);
        Assert.Null(await database.Workspaces.ResizeAsync(open.Workspace.UserId, "w", 8, RunToken));

        var next = (await database.Layers.StackAsync(open.Workspace.Id, open.Id, RunToken))!.Value;
        await database.Layers.SealAsync(open.Workspace.Id, open.Id, 5, RunToken);
        await database.Layers.SealAsync(open.Workspace.Id, next, 7, RunToken);
        Assert.Equal(2, (await database.Workspaces.ReadAsync(open.Workspace.UserId, "w", RunToken))!.DiskGb);

        // A job that was accepted before, and one after.
        foreach (var size in (int[])[2, 8])
        {
            var again = (await database.Layers.OpenAsync(open.Workspace.UserId, "w", size, RunToken))!;
            await database.Layers.SealAsync(open.Workspace.Id, again.Id, 1, RunToken);
            Assert.Equal(size, (await database.Workspaces.ReadAsync(open.Workspace.UserId, "w", RunToken))!.DiskGb);
        }
    }

    [Theory, EachDatabase]
    public async Task SealAsync_AtTheEndOfALongRun_CountsAsUse(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var open = await OpenAsync(database);
        var accepted = database.Time.GetUtcNow();
        database.Time.Advance(TimeSpan.FromHours(3));

        await database.Layers.SealAsync(open.Workspace.Id, open.Id, 5, RunToken);

        Assert.Single(await database.Workspaces.ListIdleAsync(accepted + TimeSpan.FromHours(4), RunToken));
        Assert.Empty(await database.Workspaces.ListIdleAsync(accepted + TimeSpan.FromHours(2), RunToken));
    }

    private static async Task<OpenedLayer> OpenAsync(TestDatabase database)
    {
        var ada = await database.AddUserAsync();
        _ = await WorkspaceClaimTests.AddAsync(database, ada, new WorkspaceWish { Name = "w" });
        return (await database.Layers.OpenAsync(ada, "w", 2, RunToken))!;
    }
}
