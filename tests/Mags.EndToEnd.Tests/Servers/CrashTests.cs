using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Servers;

/// <summary>A server that is killed forgets nothing it accepted and leaves nothing behind.</summary>
[Trait("Category", "Machine")]
public sealed class CrashTests
{
    [Fact]
    public async Task Server_KilledUnderTwentyJobs_EveryJobEndsTrulyAndNothingIsLeft()
    {
        await using var server = await MagsServer.StartNewAsync();
        var jobs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.Api.SubmitAsync("echo up; sleep 300")));
        await Task.WhenAll(jobs.Select(job => WaitUntilUpAsync(server, job)));

        await server.KillAsync();
        await server.StartAsync();

        var after = await Task.WhenAll(jobs.Select(server.Api.FinishAsync));
        Assert.All(after, job =>
        {
            Assert.Equal("error", job.Status);
            Assert.Contains("restart", job.Error, StringComparison.Ordinal);
            Assert.Equal(["up"], job.Stdout);
        });
        var next = await server.Api.RunAsync("echo next");
        Assert.Equal(["next"], next.Stdout);
        Assert.Empty(server.Hypervisors());
        Assert.Empty(server.MachineFolders());
    }

    [Fact]
    public async Task Hypervisor_Killed_JobIsErrorAndTheServerGoesOn()
    {
        await using var server = await MagsServer.StartNewAsync();
        var id = await server.Api.SubmitAsync("echo up; sleep 300");
        await WaitUntilUpAsync(server, id);

        var kill = await Command.RunAsync("kill", ["-9", $"{Assert.Single(server.Hypervisors())}"]);
        Assert.Equal(0, kill.ExitCode);
        var job = await server.Api.FinishAsync(id);

        Assert.Equal("error", job.Status);
        Assert.NotNull(job.Error);
        Assert.Equal(["next"], (await server.Api.RunAsync("echo next")).Stdout);
    }

    [Fact]
    public async Task Server_KilledWithWaitingMachines_TheyAreEndedAndThePoolComesBack()
    {
        await using var server = await MagsServer.StartNewAsync(hot: 2);
        await server.WaitForHotAsync(2);
        var before = server.Hypervisors();

        await server.KillAsync();
        await server.StartAsync();
        await server.WaitForHotAsync(2);

        Assert.Empty(before.Intersect(server.Hypervisors()));
        Assert.Equal(2, server.MachineFolders().Count);
        Assert.Equal(["next"], (await server.Api.RunAsync("echo next")).Stdout);
    }

    private static async Task WaitUntilUpAsync(MagsServer server, string job)
    {
        await foreach (var line in server.Api.FollowAsync(job, TestContext.Current.CancellationToken))
        {
            Assert.Equal("up", line.Message);
            return;
        }
    }
}
