using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Mags.Protocol;

namespace Mags.Agent.Tests.Service;

public sealed class ReattachTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Attach_SessionBrokeInTheMiddle_LosesAndRepeatsNothing()
    {
        const int lines = 200_000;
        var expected = string.Concat(Enumerable.Range(1, lines).Select(i => i + "\n"));
        var received = new StringBuilder();
        var connection = await agent.ConnectAsync(Cancelled);
        var call = await connection.ShellAsync($"seq {lines}", Cancelled);
        ulong step = 100_000;
        while (true)
        {
            var goal = call.Offset + step;
            while (call.Offset < goal && await call.ReadAsync(Cancelled))
            {
                // The last half of each stretch is received, but never acknowledged.
                if (call.Offset + (step / 2) < goal)
                {
                    await call.AcknowledgeAsync(Cancelled);
                }
            }

            received.Append(call.Output);
            connection.Dispose();
            call.Dispose();
            if (call.Exited is not null)
            {
                break;
            }

            connection = await agent.ConnectAsync(Cancelled);
            call = await connection.AttachAsync(call.ProcessId, call.Offset, Cancelled);
        }

        Assert.Equal(0, call.Exited.ExitCode);
        Assert.Equal(expected, received.ToString());
    }

    [Fact]
    public async Task Attach_ProcessEndedMeanwhile_TellsTheRestAndTheEnd()
    {
        string id;
        using (var connection = await agent.ConnectAsync(Cancelled))
        {
            using var call = await connection.ShellAsync("echo one; echo two; exit 4", Cancelled);
            await call.ToEndWithoutAcknowledgingAsync(Cancelled);
            id = call.ProcessId;
        }

        using var later = await agent.ConnectAsync(Cancelled);
        using var again = await (await later.AttachAsync(id, 4, Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal(("two\n", 4), (again.Output, again.Exited!.ExitCode));
    }

    [Fact]
    public async Task Attach_UnknownProcess_SaysSo()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        using var call = await (await connection.AttachAsync("nobody", 0, Cancelled)).ToEndAsync(Cancelled);

        Assert.Equal("there is no process nobody", call.Failure);
    }

    [Fact]
    public async Task Start_IdInUse_IsRefused()
    {
        using var connection = await agent.ConnectAsync(Cancelled);
        var start = new StartProcess { ProcessId = "twice", Argv = { "cat" }, WorkingDirectory = "/", StdinOpen = true };
        using var first = await connection.StartAsync(start, Cancelled);
        await first.ReadUntilAsync(call => call.Pid > 0, Cancelled);
        using var second = await (await connection.StartAsync(start, Cancelled)).ToEndAsync(Cancelled);
        await first.EndInputAsync(Cancelled);
        await first.ToEndAsync(Cancelled);

        Assert.Equal("process id twice is in use", second.Failure);
        Assert.Equal(0, first.Exited!.ExitCode);
    }

    [Fact]
    public async Task Exec_TenMegabytesToASlowReader_ArriveWholeAndInOrder()
    {
        const int size = 10_000_000;
        using var connection = await agent.ConnectAsync(Cancelled);
        using var call = await connection.ShellAsync(
            $"head -c {size} /dev/urandom | tee {agent.Folder}/ten; echo finished > {agent.Folder}/finished", Cancelled);

        // All that fits the ring, and not a byte acknowledged: the process has to wait, far from its end.
        await call.ReadUntilAsync(c => c.Offset >= 200_000, Cancelled);
        Assert.False(File.Exists(agent.Folder + "/finished"));
        await call.AcknowledgeAsync(Cancelled);
        await call.ToEndAsync(Cancelled);

        Assert.Equal(
            SHA256.HashData(await File.ReadAllBytesAsync(agent.Folder + "/ten", Cancelled)),
            SHA256.HashData(call.OutputBytes));
        Assert.Equal((size, 0), (call.OutputBytes.Length, call.Exited!.ExitCode));
    }

    [Fact]
    public async Task Accept_GarbageAndHalfHandshakesBefore_ServesTheNextSession()
    {
        foreach (var garbage in new[] { RandomNumberGenerator.GetBytes(5000), "mags:agent:HELLO0123"u8.ToArray() })
        {
            await using var stream = await agent.OpenStreamAsync(Cancelled);
            await stream.WriteAsync(garbage, Cancelled);
        }

        await using (var stream = await agent.OpenStreamAsync(Cancelled))
        {
            await using var session = await AgentSession.DialAsync(stream, TimeProvider.System, Cancelled);
            await session.WriteAsync(RandomNumberGenerator.GetBytes(5000), Cancelled);
        }

        using var connection = await agent.ConnectAsync(Cancelled);
        var reply = await connection.Client.HelloAsync(new HelloRequest(), cancellationToken: Cancelled);
        Assert.Equal(ProtocolGeneration.Current, reply.Generation);
    }

    [Fact]
    public async Task Claim_PlainProcess_IsRefused()
    {
        using var connection = await agent.ConnectAsync(Cancelled);

        using var call = connection.Client.Exec(cancellationToken: Cancelled);
        await call.RequestStream.WriteAsync(new ExecInput { Claim = new ClaimRequest() }, Cancelled);

        var refusal = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancelled));

        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        Assert.Equal("this agent is a plain process, not a machine's init", refusal.Status.Detail);
    }
}
