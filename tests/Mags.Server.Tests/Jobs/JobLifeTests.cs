using System.Net;
using System.Text;
using Mags.Machines;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

public sealed class JobLifeTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;

    [Fact]
    public async Task Status_ThroughAJobsLife_ShowsWhatIsTrueThen()
    {
        var gate = Guid.NewGuid().ToString();
        var id = await _server.AcceptAsync($"out begun\nwait {gate}\nexit 0");
        await _server.RunningAsync(id);

        var running = await _server.StatusAsync(id);
        Assert.Equal("running", running.Text("status"));
        Assert.StartsWith("fake-", running.Text("vm_id"), StringComparison.Ordinal);
        Assert.True(running.Has("started_at"));
        Assert.False(running.Has("exit_code") || running.Has("completed_at") || running.Has("error"));

        _server.Machines.Open(gate);
        var ended = await _server.EndAsync(id);
        Assert.Equal(("completed", 0, 12), (ended.Text("status"), ended.Number("exit_code"), ended.Number("script_duration_ms")));
        Assert.True(ended.Has("completed_at"));
        Assert.False(ended.Has("vm_id") || ended.Has("error") || ended.Has("url") || ended.Has("script"));
    }

    [Theory]
    [InlineData("exit 3", 3, "the script exited with code 3")]
    [InlineData("exit 137", 137, "the script exited with code 137 (128 + 9: ended by a signal)")]
    public async Task Job_NonZeroExit_IsAnErrorWithItsCode(string script, int code, string error)
    {
        var job = await _server.EndAsync(await _server.AcceptAsync(script));

        Assert.Equal(("error", code, error), (job.Text("status"), job.Number("exit_code"), job.Text("error")));
    }

    [Fact]
    public async Task Job_PastItsLimit_IsAnErrorNamingIt()
    {
        var job = await _server.EndAsync(await _server.AcceptAsync("overrun", "\"timeout\": 1"));

        Assert.Equal(("error", 124), (job.Text("status"), job.Number("exit_code")));
        Assert.Equal("the script did not end within its limit of 1 s (`timeout`)", job.Text("error"));
    }

    [Theory]
    [InlineData("GuestReboot", "the guest rebooted")]
    [InlineData("GuestPanic", "the guest's kernel panicked")]
    [InlineData("HypervisorGone", "the hypervisor was killed by signal 9")]
    [InlineData("OutOfMemory", "the sandbox used more memory than its machine may have")]
    public async Task Job_MachineEndsUnderIt_IsAnErrorThatSaysHow(string cause, string sentence)
    {
        var job = await _server.EndAsync(await _server.AcceptAsync($"out x\nend {cause} {sentence}"));

        Assert.Equal(("error", sentence), (job.Text("status"), job.Text("error")));
        Assert.False(job.Has("exit_code") || job.Has("vm_id"));
    }

    [Fact]
    public async Task Job_NoMachineCanBeMade_IsAnErrorThatSaysWhy()
    {
        await using var server = await RunningServer.StartAsync();
        server.Machines.Fault = new MachineException(MachineFault.NoTemplate, "no template of debian could be made");

        var job = await server.EndAsync(await server.AcceptAsync("exit 0"));

        Assert.Equal("error", job.Text("status"));
        Assert.Equal("no sandbox could be made: no template of debian could be made", job.Text("error"));
        Assert.False(job.Has("started_at") || job.Has("exit_code"));
    }

    [Fact]
    public async Task Job_GuestThatNeverSaysItsScriptIsOver_IsEndedFromOutside()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"TimeoutGraceSeconds": 1}}""");

        var job = await server.EndAsync(await server.AcceptAsync("hang", "\"timeout\": 1"));

        Assert.Equal(("error", 124), (job.Text("status"), job.Number("exit_code")));
        Assert.Empty(server.Machines.Alive);
    }

    [Fact]
    public async Task Stop_RunningJob_IsCompletedWithoutExitCodeAndItsMachineIsGone()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.AcceptAsync("out begun\nhang");
        await server.RunningAsync(id);

        var answer = await server.StopJobAsync(id);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal((true, "Job stopped"), (answer.Flag("success"), answer.Text("message")));
        var job = await server.StatusAsync(id);
        Assert.Equal("completed", job.Text("status"));
        Assert.False(job.Has("exit_code") || job.Has("error") || job.Has("vm_id"));
        Assert.True(job.Has("completed_at"));
        Assert.Empty(server.Machines.Alive);
        Assert.Equal(["begun"], await server.LogAsync(id));
    }

    [Fact]
    public async Task Stop_JobWhoseMachineIsBeingMade_IsCompleted()
    {
        await using var server = await RunningServer.StartAsync();
        server.Machines.Holding = true;
        var id = await server.AcceptAsync("exit 0");

        await server.StopJobAsync(id);

        var job = await server.StatusAsync(id);
        Assert.Equal("completed", job.Text("status"));
        Assert.False(job.Has("exit_code") || job.Has("started_at"));
    }

    [Fact]
    public async Task Stop_JobThatWaitsForAPlace_IsCompletedAndNeverRuns()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1}}""");
        var first = await server.AcceptAsync("out begun\nwait gate");
        await server.RunningAsync(first);
        var second = await server.AcceptAsync("out never");
        Assert.Equal("pending", (await server.StatusAsync(second)).Text("status"));

        await server.StopJobAsync(second);
        server.Machines.Open("gate");

        Assert.Equal("completed", (await server.EndAsync(first)).Text("status"));
        Assert.Equal("completed", (await server.StatusAsync(second)).Text("status"));
        Assert.Single(server.Machines.Requests);
    }

    [Fact]
    public async Task Stop_EndedJob_ChangesNothing()
    {
        var id = await _server.AcceptAsync("exit 4");
        var before = await _server.EndAsync(id);

        var answer = await _server.StopJobAsync(id);

        Assert.Equal((HttpStatusCode.OK, "Job stopped"), (answer.Status, answer.Text("message")));
        Assert.Equal(before.Body!.Value.GetRawText(), (await _server.StatusAsync(id)).Body!.Value.GetRawText());
    }

    [Fact]
    public async Task Post_NodeIsFull_IsAcceptedAndPendingUntilThereIsRoom()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 2}}""");
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await server.AcceptAsync("out begun\nwait gate"));
        }

        await server.RunningAsync(ids[0]);
        Assert.Equal("pending", (await server.StatusAsync(ids[4])).Text("status"));
        server.Machines.Open("gate");

        foreach (var id in ids)
        {
            Assert.Equal("completed", (await server.EndAsync(id)).Text("status"));
        }
    }

    [Fact]
    public async Task Post_NodeIsFull_JobsRunInTheOrderOfTheirAcceptance()
    {
        await using var server = await RunningServer.StartAsync("""{"Jobs": {"MaxRunning": 1}}""");
        var scripts = Enumerable.Range(0, 20).Select(number => $"out {number}").ToList();
        var ids = new List<string>();
        foreach (var script in scripts)
        {
            ids.Add(await server.AcceptAsync(script));
        }

        await Task.WhenAll(ids.Select(server.EndAsync));

        Assert.Equal(scripts, server.Machines.Processes.Select(run => Encoding.UTF8.GetString(run.Script!.Value.Span)));
    }

    [Fact]
    public async Task Post_HostStillStarting_IsAcceptedAndPending()
    {
        await using var server = await RunningServer.StartAsync();
        (server.Machines.Status, server.Machines.Holding) = (new HostStatus(HostState.Starting, "image debian"), true);

        var id = await server.AcceptAsync("exit 0");

        Assert.Equal("pending", (await server.StatusAsync(id)).Text("status"));
    }

    [Fact]
    public async Task Post_HostFailed_Is503WithTheReason()
    {
        await using var server = await RunningServer.StartAsync();
        server.Machines.Status = new HostStatus(HostState.Failed, "QEMU is missing");

        var answer = await server.PostJobAsync("exit 0");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (answer.Status, answer.Code));
        Assert.Equal("the server can run no sandbox: QEMU is missing", answer.Error);
    }

    [Fact]
    public async Task Post_DiskFull_Is503()
    {
        await using var server = await RunningServer.StartAsync("""{"JobLimits": {"MinFreeDiskMib": 1048576}}""");
        if (new DriveInfo(server.Home).AvailableFreeSpace >= 1024L * 1024 * 1024 * 1024)
        {
            Assert.Skip("a disk with more than 1 TiB free cannot be called full by a setting");
        }

        var answer = await server.PostJobAsync("exit 0");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (answer.Status, answer.Code));
        Assert.StartsWith("the server's disk is full: ", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_ManyAtOnce_AllEndTruly()
    {
        var ids = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(i => _server.AcceptAsync($"out job {i}\nexit {i % 3}")));

        for (var i = 0; i < ids.Length; i++)
        {
            var job = await _server.EndAsync(ids[i]);
            Assert.Equal((i % 3, i % 3 == 0 ? "completed" : "error"), (job.Number("exit_code"), job.Text("status")));
            Assert.Equal([$"job {i}"], await _server.LogAsync(ids[i]));
        }
    }
}
