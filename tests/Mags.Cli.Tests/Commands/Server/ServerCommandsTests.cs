using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;
using Mags.Contracts.Server;

namespace Mags.Cli.Tests.Commands.Server;

public sealed class ServerCommandsTests : IAsyncLifetime
{
    private readonly CliHarness _cli = new();
    private ServerDouble _server = null!;
    private FakeMagsd _magsd = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerDouble.StartAsync();
        _magsd = new FakeMagsd(_cli, _server.Url, ServerDouble.Token);
    }

    public ValueTask DisposeAsync()
    {
        _magsd.Dispose();
        _cli.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task AnyCommand_NothingThere_SetsUpAndStartsTheLocalServer()
    {
        var result = await _cli.RunAsync("whoami");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal($"mags: setting up the local server in {_cli.Home}\n", result.Err);
        Assert.Equal(["setup", "run"], _magsd.Calls);
    }

    [Fact]
    public async Task AnyCommand_LocalServerRuns_UsesIt()
    {
        await _cli.RunAsync("whoami");

        var result = await _cli.RunAsync("whoami");

        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        Assert.Equal(["setup", "run"], _magsd.Calls);
    }

    [Fact]
    public async Task AnyCommand_LocalServerWasStopped_StartsItAgainWithoutSetUp()
    {
        await _cli.RunAsync("whoami");
        await _cli.RunAsync("server", "stop");

        var result = await _cli.RunAsync("whoami");

        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        Assert.Equal(["setup", "run", "run"], _magsd.Calls);
    }

    [Fact]
    public async Task AnyCommand_LoggedInElsewhere_StartsNoLocalServer()
    {
        await _cli.RunAsync("login", _server.Url, "--token", ServerDouble.Token);

        var result = await _cli.RunAsync("whoami");

        Assert.Equal(0, result.ExitCode);
        Assert.False(Directory.Exists(_cli.Home));
    }

    [Fact]
    public async Task AnyCommand_SeveralAtOnce_SetUpAndStartOnce()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _cli.RunAsync("whoami")));

        Assert.All(results, result => Assert.Equal(0, result.ExitCode));
        Assert.Equal(["setup", "run"], _magsd.Calls);
    }

    [Fact]
    public async Task Start_InBackground_HasItsOwnSessionAndNoneOfOurDescriptors()
    {
        var result = await _cli.RunAsync("server", "start", "--listen", "http://127.0.0.1:7777");

        var pid = _magsd.Pid;
        Assert.Equal($"The server runs at {_server.Url} (pid {Environment.ProcessId})\n", result.Out);
        Assert.Equal(["setup", "run --listen http://127.0.0.1:7777"], _magsd.Calls);
        var session = (await File.ReadAllTextAsync($"/proc/{pid}/stat", Cancellation)).Split(' ')[5];
        Assert.Equal($"{pid}", session);
        var descriptors = Directory.GetFiles($"/proc/{pid}/fd")
            .Select(fd => File.ResolveLinkTarget(fd, false)!.FullName)
            .Where(target => target != _cli.MagsdPath);
        Assert.Equal(
            ["/dev/null", $"{_cli.Home}/magsd.log", $"{_cli.Home}/magsd.log", $"{_cli.Home}/magsd.pid"],
            descriptors.Order());
    }

    [Fact]
    public async Task Start_RunsAlready_SaysWhereAndFails()
    {
        await _cli.RunAsync("server", "start");

        var result = await _cli.RunAsync("server", "start");

        Assert.Equal(
            new CliResult(
                1,
                "",
                $"mags: a server is already running with MAGS_HOME {_cli.Home} (pid {_magsd.Pid}, {_server.Url})\n"),
            result);
    }

    [Theory]
    [InlineData(2, "it may not be")]
    [InlineData(4, "it may not be")]
    [InlineData(5, "it may not be")]
    [InlineData(1, "the server cannot start: it may not be (more in {HOME}/magsd.log)")]
    public async Task Start_ServerEndsAtOnce_SaysWhy(int exitCode, string sentence)
    {
        await _cli.RunAsync("server", "start");
        await _cli.RunAsync("server", "stop");
        _magsd.Fails(exitCode, "it may not be");

        var result = await _cli.RunAsync("server", "start");

        Assert.Equal(
            new CliResult(1, "", $"mags: {sentence.Replace("{HOME}", _cli.Home, StringComparison.Ordinal)}\n"), result);
    }

    [Fact]
    public async Task Start_ServerIsKilled_ShowsItsLastWords()
    {
        await _cli.RunAsync("server", "start");
        await _cli.RunAsync("server", "stop");
        _magsd.DiesOfSignal(9);

        var result = await _cli.RunAsync("server", "start");

        Assert.Equal(
            "mags: the server ended while it started (exit code 137); "
                + $"its last words in {_cli.Home}/magsd.log:\n  starting\n",
            result.Err);
    }

    [Fact]
    public async Task Start_PidFileIsLookedAtMeanwhile_TriesAgain()
    {
        await _cli.RunAsync("server", "start");
        await _cli.RunAsync("server", "stop");
        _magsd.TakesHomeForHeldOnce();

        var result = await _cli.RunAsync("whoami");

        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        Assert.Equal(["setup", "run", "run", "run"], _magsd.Calls);
    }

    [Fact]
    public async Task Start_SetUpFails_SaysSoAndStartsNothing()
    {
        _magsd.Fails(1, "no space left");

        var result = await _cli.RunAsync("run", "x");

        Assert.Equal(125, result.ExitCode);
        Assert.EndsWith(
            "mags: the local server could not be set up (exit code 1); the same command goes on where it ended\n",
            result.Err,
            StringComparison.Ordinal);
        Assert.False(File.Exists($"{_cli.Home}/client.json"));
    }

    [Fact]
    public async Task Start_ProgramIsMissing_SaysWhatToDo()
    {
        File.Delete(_cli.MagsdPath);

        var result = await _cli.RunAsync("list");

        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith(
            $"mags: there is no local server to use: {_cli.MagsdPath} is missing; "
                + "install it, or use a remote one: mags login URL\n",
            result.Err,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_Running_EndsIt()
    {
        await _cli.RunAsync("server", "start");
        var pid = _magsd.Pid;

        var result = await _cli.RunAsync("server", "stop");

        Assert.Equal(new CliResult(0, $"Server stopped (pid {pid})\n", ""), result);
        Assert.Equal(3, (await _cli.RunAsync("server", "status")).ExitCode);
    }

    [Fact]
    public async Task Stop_NotRunning_SaysSoAndExits3()
    {
        var result = await _cli.RunAsync("server", "stop");

        Assert.Equal(new CliResult(3, "", $"mags: no server is running with MAGS_HOME {_cli.Home}\n"), result);
    }

    [Fact]
    public async Task Stop_PidFileIsLeftOver_SignalsNobody()
    {
        _cli.AddFile("home/magsd.pid", $"{Environment.ProcessId}\n");

        var result = await _cli.RunAsync("server", "stop");

        Assert.Equal(3, result.ExitCode);
    }

    [Fact]
    public async Task Status_NotRunning_IsExitCode3()
    {
        var result = await _cli.RunAsync("server", "status", "--json");

        Assert.Equal(new CliResult(3, $$"""{"running":false,"home":"{{_cli.Home}}"}""" + "\n", ""), result);
    }

    [Fact]
    public async Task Status_Running_ShowsWhatTheServerSays()
    {
        await _cli.RunAsync("server", "start");

        var result = await _cli.RunAsync("server", "status");

        Assert.Equal(
            new CliResult(
                0,
                $"""
                Server:      running
                URL:         {_server.Url}
                Pid:         {Environment.ProcessId}
                Version:     0.1.0
                Home:        /home/of/mags
                State:       ready
                Accelerator: tcg (there is no /dev/kvm)
                Machines:    3 busy, 3 hot and 1 cold waiting
                Walls:       user, files
                No walls:    hardware (QEMU promises isolation with KVM only.)
                Images:      debian

                """,
                ""),
            result);
    }

    [Theory]
    [InlineData(true, true, null, null, "s3://bucket")]
    [InlineData(true, false, null, null, "s3://bucket (no conditional writes: only the database guards)")]
    [InlineData(false, null, null, null, "s3://bucket (not used yet)")]
    [InlineData(false, null, "access denied", null, "s3://bucket (access denied)")]
    [InlineData(true, true, null, "`heads/61/77.json` is damaged", "s3://bucket (not swept: `heads/61/77.json` is damaged)")]
    public async Task Status_Running_ShowsTheObjectStore(
        bool open, bool? guards, string? error, string? sweepError, string shown)
    {
        _server.ObjectStore = new ObjectStoreResponse
        {
            Location = "s3://bucket",
            Open = open,
            ConditionalWrites = guards,
            Error = error,
            SweepError = sweepError,
        };
        await _cli.RunAsync("server", "start");

        var result = await _cli.RunAsync("server", "status");

        Assert.Contains($"\nObject store: {shown}\n", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_RunningAsJson_HasEveryField()
    {
        await _cli.RunAsync("server", "start");

        var result = await _cli.RunAsync("server", "status", "--json");

        Assert.Equal(
            $$"""{"running":true,"url":"{{_server.Url}}","pid":{{Environment.ProcessId}},"version":"0.1.0","home":"/home/of/mags","state":"ready","accelerator":"tcg","accelerator_reason":"there is no /dev/kvm","pool":{"idle_vms":4,"busy_vms":3,"total_vms":7,"min_pool_size":2,"max_pool_size":10,"hot_vms":3,"cold_vms":1},"walls":[{"name":"user","stands":true,"detail":"one each"},{"name":"files","stands":true,"detail":"few"},{"name":"hardware","stands":false,"detail":"QEMU promises isolation with KVM only."}],"images":[{"name":"debian","digest":"sha256:0123456789abcdef0123456789abcdef","size_bytes":89128960,"built_at":"2026-01-02T03:04:05.000000Z","build_seconds":41.5,"default":true}]}""" + "\n",
            result.Out);
    }

    [Fact]
    public async Task Status_RunsButDoesNotAnswer_Fails()
    {
        await _cli.RunAsync("server", "start");
        var url = _server.Url;
        await _server.DisposeAsync();

        var result = await _cli.RunAsync("server", "status");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            $"State:  unreachable (cannot reach {url}: connection refused)\n",
            result.Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_ServerHasRun_IsItsToken()
    {
        await _cli.RunAsync("server", "start");

        Assert.Equal(new CliResult(0, $"{ServerDouble.Token}\n", ""), await _cli.RunAsync("server", "token"));
    }

    [Fact]
    public async Task Token_ServerHasNeverRun_IsMade()
    {
        var result = await _cli.RunAsync("server", "token", "--json");

        Assert.Equal(new CliResult(0, """{"token":"mags_made"}""" + "\n", ""), result);
    }

    [Fact]
    public async Task Logs_AfterAStart_ShowsWhatTheServerWrote()
    {
        await _cli.RunAsync("server", "start");

        Assert.Equal(new CliResult(0, "listening as run\n", ""), await _cli.RunAsync("server", "logs"));
    }

    [Fact]
    public async Task Logs_Followed_ShowsWhatIsAddedUntilInterrupted()
    {
        using var interruption = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var log = _cli.AddFile("home/magsd.log", "one\n");
        var logs = _cli.RunInterruptiblyAsync(["server", "logs", "-f"], interruption.Token);
        await _cli.Output.WaitForAsync("one\n", Cancellation);

        await File.AppendAllTextAsync(log, "two\n", Cancellation);

        await _cli.Output.WaitForAsync("two\n", Cancellation);
        await interruption.CancelAsync();
        Assert.Equal(new CliResult(130, "one\ntwo\n", ""), await logs);
    }

    [Fact]
    public async Task Logs_NeverStarted_SaysSo()
    {
        var result = await _cli.RunAsync("server", "logs");

        Assert.Equal(new CliResult(1, "", $"mags: there is no log: {_cli.Home}/magsd.log does not exist\n"), result);
    }

    [Fact]
    public async Task ImageBuild_LocalServer_RunsItsProgram()
    {
        var result = await _cli.RunAsync("image", "build", "alpine", "--rootfs", "/tmp/a.tar");

        Assert.Equal(new CliResult(0, "Image:  alpine\nDigest: sha256:ab\nSize:   1.0 MiB\nTook:   2.0 s\n", ""), result);
        Assert.Equal(["image build alpine --rootfs /tmp/a.tar"], _magsd.Calls);
    }

    [Fact]
    public async Task ImageBuild_ProgramFails_Fails()
    {
        _magsd.Fails(1, "no such recipe");

        Assert.Equal(new CliResult(1, "", ""), await _cli.RunAsync("image", "build", "x"));
    }

    [Fact]
    public async Task ImageBuild_RemoteServer_IsRefused()
    {
        await _cli.RunAsync("login", _server.Url, "--token", ServerDouble.Token);

        var result = await _cli.RunAsync("image", "build", "alpine");

        Assert.Equal(
            "mags: images are built on the server's own machine; the server in use is a remote one\n", result.Err);
        Assert.Equal(1, result.ExitCode);
    }
}
