using System.Text;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Cli;

/// <summary><c>./mags run</c> as the README shows it.</summary>
[Trait("Category", "Machine")]
public sealed class RunTests(SharedServer shared)
{
    [Fact]
    public async Task Run_HelloWorld_PrintsExactlyThatAndSucceeds()
    {
        var run = await Command.MagsAsync(shared.Home, "run", "echo Hello World");

        Assert.Equal("Hello World\n", run.Stdout);
        Assert.Equal(0, run.ExitCode);
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("exit 300", 44)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("no-such-command", 127)]
    public async Task Run_ScriptEnds_ExitCodeIsTheScripts(string script, int expected)
    {
        var run = await Command.MagsAsync(shared.Home, "run", script);

        Assert.Equal(expected, run.ExitCode);
    }

    [Fact]
    public async Task Run_OutputOnBothStreams_GoesToTheSameStreamsHere()
    {
        var run = await Command.MagsAsync(shared.Home, "run", "echo to-out; echo to-err >&2");

        Assert.Equal("to-out\n", run.Stdout);
        Assert.Contains("to-err\n", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Dash_TakesTheScriptFromStandardInput()
    {
        var run = await Command.RunAsync(
            Installation.Mags, ["run", "-"], new() { ["MAGS_HOME"] = shared.Home }, "echo from-stdin"u8.ToArray());

        Assert.Equal("from-stdin\n", run.Stdout);
    }

    [Fact]
    public async Task Run_ScriptFile_IsRun()
    {
        var file = Path.Combine(shared.Home, "hello.sh");
        await File.WriteAllTextAsync(file, "echo from-file", TestContext.Current.CancellationToken);

        var run = await Command.MagsAsync(shared.Home, "run", file);

        Assert.Equal("from-file\n", run.Stdout);
    }

    [Fact]
    public async Task Run_EnvironmentAndSizes_AreSeenInTheGuest()
    {
        var run = await Command.MagsAsync(
            shared.Home, "run", "--env", "GREETING=hi there", "--disk", "3", "--name", "sized",
            "echo $GREETING; nproc; df -BG --output=size / | tail -1");

        var lines = run.Stdout.Split('\n');
        Assert.Equal("hi there", lines[0]);
        Assert.Equal("1", lines[1]);
        Assert.Equal("3G", lines[2].Trim());
    }

    [Fact]
    public async Task Run_TimeLimit_EndsWith124AndNamesTheLimit()
    {
        var run = await Command.MagsAsync(shared.Home, "run", "--timeout", "1", "sleep 60");

        Assert.Equal(124, run.ExitCode);
        Assert.Contains("1 s", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Interrupt_StopsTheJob()
    {
        using var run = Command.Start(
            Installation.Mags, ["run", "--name", "interrupted", "echo ready; sleep 60"], new() { ["MAGS_HOME"] = shared.Home });
        Assert.Equal("ready", await run.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        var kill = await Command.RunAsync("kill", ["-INT", $"{run.Id}"]);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, kill.ExitCode);
        Assert.Equal(130, run.ExitCode);
        Assert.Equal("completed", (string)(await shared.Api.StatusAsync("interrupted"))["status"]!);
    }

    [Fact]
    public async Task Run_Detached_PrintsTheIdOfAJobThatGoesOn()
    {
        var run = await Command.MagsAsync(shared.Home, "run", "-d", "echo later");

        var job = await shared.Api.FinishAsync(run.Stdout.Trim());
        Assert.Equal(["later"], job.Stdout);
    }

    [Fact]
    public async Task Logs_OfAnEndedJob_AreItsOutput()
    {
        var id = await shared.Api.SubmitAsync("echo one; echo two");
        await shared.Api.FinishAsync(id);

        var logs = await Command.MagsAsync(shared.Home, "logs", id);

        Assert.Equal("one\ntwo\n", logs.Stdout);
    }

    [Fact]
    public async Task Run_MegabyteScript_Runs()
    {
        var script = new StringBuilder("echo start\n");
        while (script.Length < (1 << 20) - 100)
        {
            script.Append("# padding that makes the script as large as it may be\n");
        }

        script.Append("echo end\n");
        var run = await Command.RunAsync(
            Installation.Mags,
            ["run", "-"],
            new() { ["MAGS_HOME"] = shared.Home },
            Encoding.ASCII.GetBytes(script.ToString()));

        Assert.Equal("start\nend\n", run.Stdout);
    }
}
