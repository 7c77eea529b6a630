using System.Net;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

/// <summary>What is refused when a user, or the node, has as much as it may.</summary>
public sealed class AdmissionTests
{
    [Fact]
    public async Task Post_UserHasAsManyJobsAsItMay_Is429ThatNamesTheLimitAndWhenToTryAgain()
    {
        await using var server = await RunningServer.StartAsync(
            """{"UserLimits": {"MaxLive": 2, "RetryAfterSeconds": 7}, "Jobs": {"MaxRunning": 1}}""");
        var running = await server.AcceptAsync("out begun\nwait gate");
        await server.AcceptAsync("wait gate");

        var refused = await server.PostJobAsync("exit 0");

        Assert.Equal((HttpStatusCode.TooManyRequests, "quota_exceeded"), (refused.Status, refused.Code));
        Assert.Equal(
            "your unfinished jobs take 2 places, and with this one they would be over the limit of 2 places "
            + "(UserLimits:MaxLive); wait until one ends, or stop one",
            refused.Error);
        Assert.Equal(TimeSpan.FromSeconds(7), refused.Response.Headers.RetryAfter?.Delta);

        await server.StopJobAsync(running);
        await server.AcceptAsync("exit 0");
    }

    [Theory]
    [InlineData("""{"UserLimits": {"MaxVcpus": 3}, "JobLimits": {"MaxVcpus": 8}}""", "\"vcpus\": 2", "2 vCPUs", "MaxVcpus")]
    [InlineData("""{"UserLimits": {"MaxMemoryMib": 1000}}""", "\"memory_mb\": 512", "512 MiB of memory", "MaxMemoryMib")]
    public async Task Post_UserTakesAsMuchAsItMay_Is429ThatNamesTheLimit(
        string config, string size, string taken, string setting)
    {
        await using var server = await RunningServer.StartAsync(config);
        await server.AcceptAsync("wait gate", size);

        var refused = await server.PostJobAsync("exit 0", size);

        Assert.Equal((HttpStatusCode.TooManyRequests, "quota_exceeded"), (refused.Status, refused.Code));
        Assert.StartsWith($"your unfinished jobs take {taken}, ", refused.Error, StringComparison.Ordinal);
        Assert.Contains($"UserLimits:{setting}", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_FiftyAtOnce_NeverPassTheUsersLimit()
    {
        await using var server = await RunningServer.StartAsync("""{"UserLimits": {"MaxLive": 10}}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => server.PostJobAsync("wait gate")));

        Assert.Equal(10, answers.Count(answer => answer.Status == HttpStatusCode.Accepted));
        Assert.Equal(40, answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests));
        Assert.Equal(10, (await server.GetAsync("/api/v1/mags-jobs")).Number("total"));
    }

    [Fact]
    public async Task Post_AsManyWaitAsMay_Is503ThatNamesTheLimitAndWhenToTryAgain()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1, "MaxPending": 2}}""");
        await server.RunningAsync(await server.AcceptAsync("out begun\nwait gate"));
        var waiting = await server.AcceptAsync("exit 0");
        await server.AcceptAsync("exit 0");

        var refused = await server.PostJobAsync("exit 0");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (refused.Status, refused.Code));
        Assert.Equal("2 jobs wait already, as many as may (Jobs:MaxPending); try again later", refused.Error);
        Assert.Equal(TimeSpan.FromSeconds(5), refused.Response.Headers.RetryAfter?.Delta);
        await server.StopJobAsync(waiting);
        await server.AcceptAsync("exit 0");
    }
}
