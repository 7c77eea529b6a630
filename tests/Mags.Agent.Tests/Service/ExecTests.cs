using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Mags.Protocol;

namespace Mags.Agent.Tests.Service;

public sealed class ExecTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private const int KillSignal = 9;
    private const int TermSignal = 15;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exit 0", 0, 0)]
    [InlineData("exit 3", 3, 0)]
    [InlineData("exit 255", 255, 0)]
    [InlineData("kill -9 $$", 137, 9)]
    [InlineData("kill -TERM $$", 143, 15)]
    public async Task Exec_ProgramEnds_TellsExitCodeAndSignal(string command, int exitCode, int signal)
    {
        var call = await RunAsync(command);

        Assert.Equal((exitCode, signal, false), (call.Exited!.ExitCode, call.Exited.Signal, call.Exited.TimedOut));
    }

    [Fact]
    public async Task Exec_WritesToBothStreams_KeepsThemApartAndCountsThemTogether()
    {
        var call = await RunAsync("echo out; echo error >&2; echo more");

        Assert.Equal(("out\nmore\n", "error\n", 15UL), (call.Output, call.Error, call.Offset));
    }

    [Fact]
    public async Task Exec_BinaryOutput_ArrivesUnchanged()
    {
        var call = await RunAsync($"head -c 300000 /dev/urandom | tee {agent.Folder}/binary");

        Assert.Equal(await File.ReadAllBytesAsync(agent.Folder + "/binary", Cancelled), call.OutputBytes);
    }

    [Fact]
    public async Task Exec_TimeIsUp_KillsTheTreeAndAnswers124()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess
        {
            Argv = { "/bin/sh", "-c", "sleep 1000 & echo $!; wait" },
            WorkingDirectory = "/",
            TimeoutMs = 300,
        };
        using var call = await (await connection.StartAsync(start, Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal((124, KillSignal, true), (call.Exited!.ExitCode, call.Exited.Signal, call.Exited.TimedOut));
        Assert.InRange(call.Exited.DurationUs, 300_000, 30_000_000);
        await AssertGoneAsync(int.Parse(call.Output, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Exec_BackgroundChildHoldsThePipes_IsNotWaitedFor()
    {
        var watch = Stopwatch.StartNew();
        var call = await RunAsync("sleep 1000 & echo $!; exit 5");

        Assert.Equal(5, call.Exited!.ExitCode);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        using var child = Process.GetProcessById(int.Parse(call.Output, CultureInfo.InvariantCulture));
        child.Kill();
    }

    [Fact]
    public async Task Exec_BackgroundChildWritesForEver_EndsAllTheSame()
    {
        var call = await RunAsync("yes & echo $! >&2; exit 5");

        Assert.Equal(5, call.Exited!.ExitCode);
        using var child = Process.GetProcessById(int.Parse(call.Error, CultureInfo.InvariantCulture));
        child.Kill();
    }

    [Fact]
    public async Task Exec_ProgramClosesItsOutput_RunsOnToItsOwnEnd()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess
        {
            Argv = { "/bin/sh", "-c", "echo ready; exec >&- 2>&-; read code; exit $code" },
            WorkingDirectory = "/",
            StdinOpen = true,
        };
        using var call = await connection.StartAsync(start, Cancelled);
        await call.ReadUntilAsync(c => c.Output == "ready\n", Cancelled);
        Assert.Null(call.Exited);
        await call.WriteAsync("6\n"u8.ToArray(), Cancelled);
        await call.ToEndAsync(Cancelled);

        Assert.Equal(6, call.Exited!.ExitCode);
    }

    [Fact]
    public async Task Exec_Environment_IsTheBaseWithTheHostsAdditions()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess
        {
            Argv = { "env" },
            Environment = { ["COLOUR"] = "blue sky", ["LANG"] = "C" },
            WorkingDirectory = "/",
        };
        using var call = await (await connection.StartAsync(start, Cancelled)).ToEndAsync(Cancelled);

        string[] expected =
        [
            "COLOUR=blue sky",
            "HOME=/root",
            "LANG=C",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ];
        Assert.Equal(expected, call.Output.Trim().Split('\n').Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Exec_InputNotOpen_IsEmpty()
    {
        var call = await RunAsync("cat; echo end");

        Assert.Equal("end\n", call.Output);
    }

    [Fact]
    public async Task Exec_MoreInputThanPipesHold_PassesThroughWhole()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess { Argv = { "/bin/cat" }, WorkingDirectory = "/", StdinOpen = true };
        using var call = await connection.StartAsync(start, Cancelled);
        const int piece = 16 * 1024;
        const ulong credit = 256 * 1024;
        for (var i = 1; i <= 64; i++)
        {
            await call.WriteAsync(Enumerable.Repeat((byte)i, piece).ToArray(), Cancelled);
            await call.ReadUntilAsync(c => (ulong)(i * piece) - c.InputAcknowledged < credit, Cancelled);
            await call.AcknowledgeAsync(Cancelled);
        }

        await call.EndInputAsync(Cancelled);
        await call.ToEndAsync(Cancelled);

        Assert.Equal(64 * piece, call.OutputBytes.Length);
        Assert.Equal(
            Enumerable.Range(1, 64).Select(i => (byte)i), call.OutputBytes.Where((_, at) => at % piece == 0));
    }

    [Fact]
    public async Task Exec_Signal_ReachesTheProcessGroup()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        using var call = await connection.ShellAsync(
            "trap 'echo got it; exit 9' TERM; echo ready; while :; do sleep 1000 & wait; done", Cancelled);
        await call.ReadUntilAsync(c => c.Output == "ready\n", Cancelled);
        await call.SignalAsync(TermSignal, Cancelled);
        await call.ToEndAsync(Cancelled);

        Assert.Equal(("ready\ngot it\n", 9), (call.Output, call.Exited!.ExitCode));
    }

    [Fact]
    public async Task Exec_ScriptOfOneMebibyte_Runs()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var script = string.Concat(Enumerable.Repeat("# " + new string('x', 1021) + "\n", 1023)) + "echo done\n";
        var start = new StartProcess
        {
            Argv = { "/bin/sh" },
            Script = ByteString.CopyFromUtf8(script),
            WorkingDirectory = "/",
        };
        using var call = await (await connection.StartAsync(start, Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal(("done\n", 0), (call.Output, call.Exited!.ExitCode));
    }

    [Theory]
    [InlineData("#!/bin/sh\necho by itself $0\n")]
    [InlineData("echo by itself $0\n")]
    public async Task Exec_ScriptWithoutArguments_IsTheProgram(string script)
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess { Script = ByteString.CopyFromUtf8(script), WorkingDirectory = "/" };
        using var call = await (await connection.StartAsync(start, Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal($"by itself {agent.Folder}/scripts/script-{call.ProcessId}\n", call.Output);
    }

    [Theory]
    [InlineData("/no/such/program", "/", "/no/such/program: not found in the image")]
    [InlineData("no-such-program", "/", "no-such-program: not found in the image")]
    [InlineData("/bin/sh", "/no/such/folder", "working directory /no/such/folder does not exist")]
    [InlineData("/etc/passwd", "/", "/etc/passwd: permission denied")]
    public async Task Exec_CannotStart_SaysWhy(string program, string folder, string expected)
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess { Argv = { program }, WorkingDirectory = folder };
        using var call = await (await connection.StartAsync(start, Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal(expected, call.Failure);
    }

    [Fact]
    public async Task Exec_NothingToRun_SaysSo()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        using var call = await (await connection.StartAsync(new StartProcess(), Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal("there is nothing to run: neither arguments nor a script", call.Failure);
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("a b")]
    public async Task Exec_IdThatIsNoFileName_IsRefused(string id)
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess { ProcessId = id, Argv = { "true" } };
        using var call = await (await connection.StartAsync(start, Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal("a process id is 1 to 64 letters, digits, '-' and '_'", call.Failure);
    }

    [Fact]
    public async Task Exec_HundredAtOnce_AllRun()
    {
        using var connection = await agent.ConnectAsync(Cancelled);

        var calls = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            await (await connection.ShellAsync($"read x; echo {i}; exit {i}", Cancelled)).ToEndAsync(Cancelled)));

        Assert.Equal(Enumerable.Range(0, 100), calls.Select(call => call.Exited!.ExitCode));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}\n"), calls.Select(call => call.Output));
    }

    [Fact]
    public async Task Exec_ManyCallsInAShortTime_KeepTheSession()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        for (var round = 0; round < 6; round++)
        {
            var calls = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
                await (await connection.ShellAsync("exit 3", Cancelled)).ToEndAsync(Cancelled)));

            Assert.All(calls, call => Assert.Equal(3, call.Exited!.ExitCode));
        }
    }

    private static async Task AssertGoneAsync(int pid)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            using var process = Process.GetProcessById(pid);
            await process.WaitForExitAsync(limit.Token);
        }
        catch (ArgumentException)
        {
            // There is no such process: it is gone.
        }
    }

    private async Task<ExecCall> RunAsync(string command)
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        using var call = await connection.ShellAsync(command, Cancelled);
        return await call.ToEndAsync(Cancelled);
    }
}
