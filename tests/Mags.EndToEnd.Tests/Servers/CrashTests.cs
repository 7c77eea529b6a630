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
        await foreach (var line in server.Api.FollowAsync(jobs[0], TestContext.Current.CancellationToken))
        {
            Assert.Equal("up", line.Message);
            break;
        }

        await server.KillAsync();
        await server.StartAsync();

        var before = await Task.WhenAll(jobs.Select(server.Api.StatusAsync));
        var cutOff = before.Where(job => (string)job["status"]! == "error").ToList();
        Assert.NotEmpty(cutOff);
        Assert.All(cutOff, job => Assert.Contains("restart", (string)job["error"]!, StringComparison.Ordinal));

        // What had not started runs now; it is stopped, so that the test need not wait for its script.
        await Task.WhenAll(before.Except(cutOff).Select(job => server.Api.StopAsync((string)job["request_id"]!)));
        var after = await Task.WhenAll(jobs.Select(server.Api.StatusAsync));
        Assert.All(after, job => Assert.Matches("^(error|completed)$", (string)job["status"]!));

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
        await foreach (var line in server.Api.FollowAsync(id, TestContext.Current.CancellationToken))
        {
            Assert.Equal("up", line.Message);
            break;
        }

        var kill = await Command.RunAsync("kill", ["-9", $"{Assert.Single(server.Hypervisors())}"]);
        Assert.Equal(0, kill.ExitCode);
        var job = await server.Api.FinishAsync(id);

        Assert.Equal("error", job.Status);
        Assert.NotNull(job.Error);
        Assert.Equal(["next"], (await server.Api.RunAsync("echo next")).Stdout);
    }
}
