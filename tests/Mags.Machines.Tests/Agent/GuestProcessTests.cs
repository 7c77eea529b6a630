using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Mags.Machines.Agent;
using Mags.Machines.Native;
using Mags.Machines.Tests.Agent.Hostile;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Agent;

/// <summary>Against the real agent as a plain process: sessions can be broken at will there.</summary>
[Trait("Category", "Machine")]
public sealed class GuestProcessTests(MachineFixture machines) : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<NetworkStream> _sessions = [];
    private ChildProcess? _agent;
    private FolderHandle? _sockets;
    private TaskCompletionSource _connected = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            _agent.Kill();
            await _agent.Exited;
            _agent.Dispose();
        }

        _sockets?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task NextAsync_SessionBreaksAgainAndAgain_NothingIsLostOrRepeated()
    {
        await using var channel = await StartAsync();
        await using var process = new GuestProcess(
            channel,
            new ProcessSpec
            {
                Arguments = ["/bin/sh", "-c", "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo $i; done"],
                WorkingDirectory = _folder,
            },
            TimeProvider.System,
            Token);
        var output = new StringBuilder();
        var breaks = 0;

        ProcessEvent? last = null;
        while (await process.NextAsync() is { } next)
        {
            last = next;
            if (next is ProcessOutput chunk)
            {
                output.Append(Encoding.ASCII.GetString(chunk.Data.Span));
                if (output.Length > (breaks + 1) * 60_000 && breaks < 4)
                {
                    breaks++;
                    await _sessions[^1].DisposeAsync();
                }
            }
        }

        Assert.Equal(0, Assert.IsType<ProcessExited>(last).ExitCode);
        Assert.Equal((4, 5), (breaks, _sessions.Count));
        Assert.Equal(
            string.Concat(Enumerable.Range(1, 60_000).Select(i => i.ToString(CultureInfo.InvariantCulture) + "\n")),
            output.ToString());
    }

    [Fact]
    public async Task NextAsync_AgentIsGone_GivesUp()
    {
        await using var channel = await StartAsync();
        await using var process = new GuestProcess(
            channel, new ProcessSpec { Arguments = ["sleep", "600"], WorkingDirectory = _folder }, TimeProvider.System, Token);
        Assert.IsType<Mags.Machines.ProcessStarted>(await process.NextAsync());

        _agent!.Kill();
        await _agent.Exited;
        var error = await Assert.ThrowsAsync<MachineException>(process.NextAsync);

        Assert.Equal(MachineFault.Agent, error.Reason);
        Assert.StartsWith(
            $"The guest's agent did not answer {GuestProcess.Attempts} times in a row: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NextAsync_AgentStandsStillForAWhile_GoesOnInANewSession()
    {
        var clock = new HastyClock(factor: 20);
        await using var channel = await StartAsync(clock);
        using var over = new CancellationTokenSource();
        var pulse = GuestPulse.KeepAsync(channel, clock, over.Token);
        await using var process = new GuestProcess(
            channel,
            new ProcessSpec { Arguments = ["/bin/sh", "-c", "echo one; read line < go; echo two"], WorkingDirectory = _folder },
            clock,
            Token);
        _ = await Tool.RunAsync("/usr/bin/mkfifo", [_folder.File("go")], Token);
        while (await process.NextAsync() is not ProcessOutput)
        {
            // It starts.
        }

        await SignalAsync("-STOP");
        _connected = new TaskCompletionSource();
        var next = process.NextAsync();
        await _connected.Task.WaitAsync(Token);
        await SignalAsync("-CONT");
        await File.WriteAllTextAsync(_folder.File("go"), "\n", Token);

        Assert.Equal("two\n", Encoding.ASCII.GetString(Assert.IsType<ProcessOutput>(await next).Data.Span));
        Assert.Equal(0, Assert.IsType<ProcessExited>(await process.NextAsync()).ExitCode);
        await over.CancelAsync();
        await pulse;
    }

    private Task<string> SignalAsync(string signal) => Tool.RunAsync(
        "/usr/bin/kill", [signal, _agent!.Pid.ToString(CultureInfo.InvariantCulture)], Token);

    private async Task<AgentChannel> StartAsync(TimeProvider? time = null)
    {
        var path = _folder.File("agent.sock");
        _agent = ChildProcess.Start(await machines.AgentAsync(), ["serve", "--socket", path], new FdMap(), null, null);
        _sockets = new FolderHandle(_folder);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!File.Exists(path))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }

        return new AgentChannel(ConnectAsync, time ?? TimeProvider.System);
    }

    private async Task<NetworkStream> ConnectAsync(CancellationToken cancellationToken)
    {
        var stream = await _sockets!.ConnectAsync("agent.sock", cancellationToken);
        _sessions.Add(stream);
        _ = _connected.TrySetResult();
        return stream;
    }
}
