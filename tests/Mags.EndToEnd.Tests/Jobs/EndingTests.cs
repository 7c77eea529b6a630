using System.Diagnostics;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Jobs;

/// <summary>Every job reaches a true final state.</summary>
[Trait("Category", "Machine")]
public sealed class EndingTests(SharedServer shared)
{
    [Fact]
    public async Task Script_EndsWithZero_IsCompletedAndTheMachineIsGone()
    {
        var job = await shared.Api.RunAsync("true");

        Assert.Equal("completed", job.Status);
        Assert.Equal(0, job.ExitCode);
        Assert.False(job.Json.ContainsKey("vm_id"));
        Assert.True(job.Json.ContainsKey("completed_at"));
    }

    [Fact]
    public async Task Script_ExitCode300_Is44()
    {
        var job = await shared.Api.RunAsync("exit 300");

        Assert.Equal("error", job.Status);
        Assert.Equal(44, job.ExitCode);
    }

    [Fact]
    public async Task Script_KilledBySignal_Is128PlusN()
    {
        var job = await shared.Api.RunAsync("kill -9 $$");

        Assert.Equal("error", job.Status);
        Assert.Equal(137, job.ExitCode);
    }

    [Fact]
    public async Task Script_PastItsLimit_IsErrorWith124NamingTheLimit()
    {
        var job = await shared.Api.RunAsync("sleep 100 & sleep 200", body => body["timeout"] = 1);

        Assert.Equal("error", job.Status);
        Assert.Equal(124, job.ExitCode);
        Assert.Contains("1 s", job.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Script_WithTheLongestLimit_Runs()
    {
        var job = await shared.Api.RunAsync("sleep 0.1; exit 7", body => body["timeout"] = int.MaxValue);

        Assert.Equal(("error", 7), (job.Status, job.ExitCode));
    }

    [Fact]
    public async Task Stop_WhileRunning_CompletesWithinTwoSeconds()
    {
        var id = await shared.Api.SubmitAsync("echo up; sleep 300");
        await foreach (var line in shared.Api.FollowAsync(id, TestContext.Current.CancellationToken))
        {
            Assert.Equal("up", line.Message);
            break;
        }

        var watch = Stopwatch.StartNew();
        var stop = await shared.Api.StopAsync(id);
        var status = await shared.Api.StatusAsync(id);

        Assert.Equal("Job stopped", (string)stop["message"]!);
        Assert.Equal("completed", (string)status["status"]!);
        Assert.False(status.ContainsKey("exit_code"));
        Assert.False(status.ContainsKey("vm_id"));
        TestContext.Current.SendDiagnosticMessage("stop took {0} ms", watch.ElapsedMilliseconds);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(400)]
    public async Task Stop_OnTheWayToRunning_Completes(int afterMilliseconds)
    {
        var id = await shared.Api.SubmitAsync("sleep 300");
        await Task.Delay(
            TimeSpan.FromMilliseconds(afterMilliseconds), TimeProvider.System, TestContext.Current.CancellationToken);

        await shared.Api.StopAsync(id);

        var status = await shared.Api.StatusAsync(id);
        Assert.Equal("completed", (string)status["status"]!);
        Assert.False(status.ContainsKey("vm_id"));
    }

    [Fact]
    public async Task Stop_AfterTheEnd_ChangesNothing()
    {
        var job = await shared.Api.RunAsync("exit 5");
        var id = (string)job.Json["request_id"]!;

        await shared.Api.StopAsync(id);

        Assert.Equal(job.Json.ToJsonString(), (await shared.Api.StatusAsync(id)).ToJsonString());
    }
}
