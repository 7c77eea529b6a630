using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Mags.Protocol;

namespace Mags.Agent.Tests.Service;

/// <summary>A host's view of one process.</summary>
public sealed class ExecCall(
    AsyncDuplexStreamingCall<ExecInput, ExecOutput> call, string processId, ulong offset) : IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();

    public string ProcessId => processId;

    /// <summary>Where the output received so far ends; every chunk must begin right there.</summary>
    public ulong Offset { get; private set; } = offset;

    public ulong InputAcknowledged { get; private set; }

    public int Pid { get; private set; }

    public ProcessExited? Exited { get; private set; }

    public string? Failure { get; private set; }

    public byte[] OutputBytes => _output.ToArray();

    public string Output => Encoding.UTF8.GetString(_output.ToArray());

    public string Error => Encoding.UTF8.GetString(_error.ToArray());

    /// <summary>Acknowledges everything received so far.</summary>
    public Task AcknowledgeAsync(CancellationToken cancellationToken) =>
        SendAsync(new ExecInput { Ack = Offset }, cancellationToken);

    public Task SignalAsync(int signal, CancellationToken cancellationToken) =>
        SendAsync(new ExecInput { Signal = signal }, cancellationToken);

    public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        SendAsync(new ExecInput { Stdin = UnsafeByteOperations.UnsafeWrap(bytes) }, cancellationToken);

    public Task EndInputAsync(CancellationToken cancellationToken) =>
        SendAsync(new ExecInput { StdinEof = true }, cancellationToken);

    /// <summary>Receives one message; false behind the last one.</summary>
    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await call.ResponseStream.MoveNext(cancellationToken))
        {
            return false;
        }

        var message = call.ResponseStream.Current;
        switch (message.OutputCase)
        {
            case ExecOutput.OutputOneofCase.Started:
                Pid = message.Started.Pid;
                break;
            case ExecOutput.OutputOneofCase.Chunk:
                Assert.Equal(Offset, message.Chunk.Offset);
                Offset += (ulong)message.Chunk.Data.Length;
                message.Chunk.Data.WriteTo(message.Chunk.Stream == OutputStream.Stdout ? _output : _error);
                break;
            case ExecOutput.OutputOneofCase.StdinAck:
                InputAcknowledged = message.StdinAck;
                break;
            case ExecOutput.OutputOneofCase.Exited:
                Exited = message.Exited;
                await call.RequestStream.CompleteAsync();
                break;
            default:
                Failure = message.Failed.Message;
                await call.RequestStream.CompleteAsync();
                break;
        }

        return true;
    }

    /// <summary>Receives until something holds.</summary>
    public async Task ReadUntilAsync(Func<ExecCall, bool> condition, CancellationToken cancellationToken)
    {
        while (!condition(this))
        {
            Assert.True(await ReadAsync(cancellationToken), $"the call ended early: {Failure}{Exited}");
        }
    }

    /// <summary>Receives to the end, acknowledging on the way.</summary>
    public async Task<ExecCall> ToEndAsync(CancellationToken cancellationToken)
    {
        var acknowledged = Offset;
        while (await ReadAsync(cancellationToken))
        {
            if (Offset > acknowledged && Exited is null)
            {
                acknowledged = Offset;
                await AcknowledgeAsync(cancellationToken);
            }
        }

        return this;
    }

    /// <summary>Receives to the end, and leaves the agent in doubt whether anything arrived.</summary>
    public async Task ToEndWithoutAcknowledgingAsync(CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken))
        {
        }
    }

    public void Dispose()
    {
        call.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    private async Task SendAsync(ExecInput message, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, cancellationToken);
        }
        catch (RpcException)
        {
            // The process ended meanwhile: the call is over, and what it said is still to be read.
        }
        catch (InvalidOperationException)
        {
            // Likewise.
        }
    }
}
