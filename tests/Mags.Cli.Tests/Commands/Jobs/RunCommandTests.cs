using System.Globalization;
using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;
using Mags.Contracts.Jobs;

namespace Mags.Cli.Tests.Commands.Jobs;

public sealed class RunCommandTests : IAsyncLifetime
{
    private const string Id = ServerDouble.JobId;

    private ServerDouble _server = null!;
    private CliHarness _cli = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerDouble.StartAsync();
        _cli = CliHarness.For(_server);
    }

    public ValueTask DisposeAsync()
    {
        _cli.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task Run_ScriptSucceeds_ShowsBothStreamsApartAndExitsZero()
    {
        _server.Prints("stdout", "Hello World");
        _server.Prints("stderr", "oops");
        _server.Prints("stdout", "");
        _server.Prints("stdout", "grüße");
        _server.Ends("completed", 0);

        var result = await _cli.RunAsync("run", "echo Hello World");

        Assert.Equal(new CliResult(0, "Hello World\n\ngrüße\n", "oops\n"), result);
    }

    [Fact]
    public async Task Run_ScriptFails_ExitsWithItsCode()
    {
        _server.Ends("error", 7, "the script exited with code 7");

        var result = await _cli.RunAsync("run", "exit 7");

        Assert.Equal(new CliResult(7, "", ""), result);
    }

    [Fact]
    public async Task Run_TimesOut_SaysSoAndExits124()
    {
        _server.Ends("error", 124, "the script ran longer than its time limit of 1 s");

        var result = await _cli.RunAsync("run", "--timeout", "1", "sleep 9");

        Assert.Equal(new CliResult(124, "", "mags: the script ran longer than its time limit of 1 s\n"), result);
    }

    [Fact]
    public async Task Run_Files_AreUploadedInTheirOrderAndNamed()
    {
        var (first, second) = (_cli.AddFile("dir/a.txt", "one"), _cli.AddFile("b.txt", "two"));
        _server.Ends("completed", 0);

        var result = await _cli.RunAsync("run", "-f", first, "--file", second, "x");

        Assert.Equal(new CliResult(0, "", ""), result);
        Assert.Equal([("a.txt", "one"), ("b.txt", "two")], _server.Files);
        Assert.Equal(["file-1", "file-2"], Assert.Single(_server.Jobs).FileIds!);
    }

    [Theory]
    [InlineData("missing", "there is no file {0}")]
    [InlineData("missing/too", "cannot read {0}: ")]
    [InlineData("", "{0} is a folder; --file takes files")]
    public async Task Run_FileThatIsNone_IsSaidBeforeAnythingIsSent(string name, string sentence)
    {
        var file = _cli.AddFile("a.txt", "one");
        var path = Path.Combine(Path.GetDirectoryName(file)!, name);

        var result = await _cli.RunAsync("run", "-f", file, "-f", path, "x");

        Assert.Equal((125, ""), (result.ExitCode, result.Out));
        Assert.StartsWith($"mags: {string.Format(CultureInfo.InvariantCulture, sentence, path)}", result.Err, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData("--network", true)]
    [InlineData("--no-network", false)]
    public async Task Run_Network_IsAskedForAsSaid(string option, bool network)
    {
        _server.Ends("completed", 0);

        var result = await _cli.RunAsync("run", option, "x");

        Assert.Equal((0, network), (result.ExitCode, Assert.Single(_server.Jobs).Network));
    }

    [Fact]
    public async Task Run_BothNetworkOptions_AreRefused()
    {
        var result = await _cli.RunAsync("run", "--network", "--no-network", "x");

        Assert.Equal(new CliResult(2, "", "mags: --network and --no-network exclude each other\n"), result);
    }

    [Fact]
    public async Task Run_SignalEndsTheScript_SaysSoAndExitsWithIt()
    {
        _server.Ends("error", 137, "the script exited with code 137 (128 + 9: ended by a signal)");

        var result = await _cli.RunAsync("run", "kill -9 $$");

        Assert.Equal(
            new CliResult(137, "", "mags: the script exited with code 137 (128 + 9: ended by a signal)\n"), result);
    }

    [Fact]
    public async Task Run_SandboxFails_SaysWhyAndExits125()
    {
        _server.Ends("error", null, "the sandbox rebooted");

        var result = await _cli.RunAsync("run", "reboot");

        Assert.Equal(new CliResult(125, "", "mags: the sandbox rebooted\n"), result);
    }

    [Fact]
    public async Task Run_StoppedByAnother_DoesNotExitZero()
    {
        _server.Ends("completed", null);

        var result = await _cli.RunAsync("run", "sleep 9");

        Assert.Equal(new CliResult(125, "", $"mags: job {Id} was stopped before its script ended\n"), result);
    }

    [Fact]
    public async Task Run_PlatformsOwnLine_IsMarkedOnStandardError()
    {
        _server.Prints("system", "the log is full");
        _server.Ends("completed", 0);

        var result = await _cli.RunAsync("run", "yes");

        Assert.Equal(new CliResult(0, "", "mags: the log is full\n"), result);
    }

    [Fact]
    public async Task Run_Refused_ShowsTheServersSentenceAndExits125()
    {
        _server.Refuses(400, "not_supported", "workspace_id: this server keeps no workspaces yet; leave it out");

        var result = await _cli.RunAsync("run", "-w", "w", "true");

        Assert.Equal(
            new CliResult(125, "", "mags: workspace_id: this server keeps no workspaces yet; leave it out\n"), result);
    }

    [Fact]
    public async Task Run_LineArrives_IsShownWhileTheScriptRuns()
    {
        var run = _cli.RunAsync("run", "long");
        _server.Prints("stdout", "first");

        await _cli.Output.WaitForAsync("first\n", Cancellation);

        Assert.False(run.IsCompleted);
        _server.Ends("completed", 0);
        Assert.Equal(0, (await run).ExitCode);
    }

    [Fact]
    public async Task Run_Interrupted_StopsTheJobAndExits130()
    {
        using var interruption = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var run = _cli.RunInterruptiblyAsync(["run", "sleep 1000"], interruption.Token);
        _server.Prints("stdout", "begun");
        await _cli.Output.WaitForAsync("begun\n", Cancellation);

        await interruption.CancelAsync();

        Assert.Equal(new CliResult(130, "begun\n", ""), await run);
        Assert.True(_server.Stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Run_ReaderOfOutputGoesAway_StopsTheJobAndExits141()
    {
        _cli.Output.Failure = new CliException(string.Empty, ExitCodes.OutputClosed);
        _server.Prints("stdout", "y");

        var result = await _cli.RunAsync("run", "yes");

        Assert.Equal(new CliResult(141, "", ""), result);
        Assert.True(_server.Stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Run_Detached_PrintsTheIdOnly()
    {
        var result = await _cli.RunAsync("run", "-d", "sleep 9");

        Assert.Equal(new CliResult(0, $"{Id}\n", ""), result);
    }

    [Fact]
    public async Task Run_DetachedAsJson_PrintsTheAnswer()
    {
        var result = await _cli.RunAsync("run", "-d", "--json", "sleep 9");

        Assert.Equal(
            $$"""{"request_id":"{{Id}}","status":"accepted","message":"Job accepted"}""" + "\n", result.Out);
    }

    [Fact]
    public async Task Run_AsJson_PrintsEachEntryAndAtLastTheJob()
    {
        _server.Prints("stderr", "oops");
        _server.Ends("error", 3);

        var result = await _cli.RunAsync("run", "--json", "x");

        Assert.Equal(3, result.ExitCode);
        Assert.Equal(
            $$"""
            {"seq":1,"timestamp":"2026-01-02T03:04:05.000000Z","level":"error","message":"oops","source":"stderr"}
            {"request_id":"{{Id}}","name":"brave-otter","status":"error","persistent":false,"no_sleep":false,"sleeping":false,"exit_code":3,"script_duration_ms":1234,"created_at":"2026-01-02T03:04:05.000000Z","image":"debian","isolation":"microvm","accelerator":"tcg","vcpus":1,"memory_mb":1024,"disk_gb":2}

            """,
            result.Out);
    }

    [Fact]
    public async Task Run_NothingElseAsked_SendsScriptAndTypeOnly()
    {
        await _cli.RunAsync("run", "-d", "-e", "echo hi");

        Assert.Equal(
            new CreateJobRequest { Script = "echo hi", Type = "inline" }, Assert.Single(_server.Jobs));
    }

    [Fact]
    public async Task Run_EverythingAsked_IsSent()
    {
        await _cli.RunAsync(
            "run", "-d", "--timeout", "60", "--image", "alpine", "--vcpus", "2", "--memory", "512", "--disk", "4",
            "--name", "j", "-w", "w", "-p", "--base", "b", "--no-sleep", "--startup-command", "serve", "x");

        Assert.Equal(
            new CreateJobRequest
            {
                Script = "x",
                Type = "inline",
                Timeout = 60,
                Image = "alpine",
                Vcpus = 2,
                MemoryMb = 512,
                DiskGb = 4,
                Name = "j",
                WorkspaceId = "w",
                Persistent = true,
                BaseWorkspaceId = "b",
                NoSleep = true,
                StartupCommand = "serve",
            },
            Assert.Single(_server.Jobs));
    }

    [Fact]
    public async Task Run_ShortName_NamesJobAndWorkspace()
    {
        await _cli.RunAsync("run", "-d", "-n", "both", "x");

        Assert.Equal(
            new CreateJobRequest { Script = "x", Type = "inline", Name = "both", WorkspaceId = "both" },
            Assert.Single(_server.Jobs));
    }

    [Fact]
    public async Task Run_Env_TakesValuesAsGivenAndFromHere()
    {
        _cli.Variables["HERE"] = "from here";

        await _cli.RunAsync("run", "-d", "--env", "A=1", "--env", "B=x=y", "--env=C=", "--env", "HERE", "x");

        Assert.Equal(
            new Dictionary<string, string> { ["A"] = "1", ["B"] = "x=y", ["C"] = "", ["HERE"] = "from here" },
            Assert.Single(_server.Jobs).Environment);
    }

    [Theory]
    [InlineData("mags: --env GONE: there is no such variable here\n", "--env", "GONE")]
    [InlineData("mags: --env takes NAME=VALUE or NAME, not '=x'\n", "--env", "=x")]
    [InlineData("mags: --ephemeral keeps nothing: leave it out, or the workspace\n", "-e", "-w", "w")]
    public async Task Run_OptionsThatCannotBe_AreRefusedBeforeAnythingRuns(string sentence, params string[] options)
    {
        var result = await _cli.RunAsync(["run", .. options, "x"]);

        Assert.Equal(new CliResult(2, "", sentence), result);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData("give a script, a file, or - for standard input: mags run 'echo Hello World'")]
    [InlineData("give the script as one word, in quotes: mags run 'echo Hello World'", "echo", "hi")]
    [InlineData("--timeout takes a whole number from 1 on, not '5m'", "--timeout", "5m", "x")]
    [InlineData("there is no option '--detahc' (a word that starts with - goes after --)", "--detahc")]
    [InlineData("there is no option '--url' (a word that starts with - goes after --)", "--url", "x")]
    public async Task Run_CommandLineIsWrong_SaysHowToPutItRight(string sentence, params string[] arguments)
    {
        var result = await _cli.RunAsync(["run", .. arguments]);

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("mags: ", result.Err, StringComparison.Ordinal);
        Assert.Contains($"mags: {sentence}\n", result.Err, StringComparison.Ordinal);
        Assert.EndsWith("mags: see mags run --help\n", result.Err, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData("-x", "run", "-d", "--", "-x")]
    [InlineData("@file", "run", "-d", "@file")]
    [InlineData("list", "run", "-d", "list")]
    public async Task Run_OddScript_IsTakenAsItIs(string script, params string[] arguments)
    {
        await _cli.RunAsync(arguments);

        Assert.Equal(script, Assert.Single(_server.Jobs).Script);
    }

    [Fact]
    public async Task Run_WaitsForASandbox_SaysSoAfterASecondAndOnlyThen()
    {
        _server.Job = _server.Job with { Status = JobStatusNames.Pending };
        var run = _cli.RunAsync("run", "x");
        await AdvanceUntilAsync("mags: waiting for a sandbox …\n");

        _server.Prints("stdout", "at last");
        _server.Ends("completed", 0);

        Assert.Equal(new CliResult(0, "at last\n", "mags: waiting for a sandbox …\n"), await run);
    }

    /// <summary>Timers are made while the command runs: time goes on until what they say has come.</summary>
    private async Task AdvanceUntilAsync(string text)
    {
        var seen = _cli.Error.WaitForAsync(text, Cancellation);
        while (!seen.IsCompleted)
        {
            _cli.Time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.WhenAny(seen, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation));
        }

        await seen;
    }
}
