using Google.Protobuf;
using Grpc.Core;
using Mags.Agent.Processes;
using Mags.Protocol;

namespace Mags.Agent.Service;

/// <summary>One host's stay at one process: sends what it wrote, and does what the host says meanwhile.</summary>
/// <remarks>When the session breaks the process goes on; its output waits for the next one.</remarks>
internal sealed class ExecSession(
    GuestProcess process,
    IAsyncStreamReader<ExecInput> input,
    IServerStreamWriter<ExecOutput> output,
    TimeProvider time)
{
    // A chunk with its headers fits an HTTP/2 frame of 32 KiB.
    private const int LongestChunk = (32 * 1024) - 64;

    // How long the host may take to end its side of the call after the last message. A call that is ended from this side
    // first is kept by the server for some seconds, and too many such calls at once end the whole session.
    private static readonly TimeSpan _goodbyeLimit = TimeSpan.FromSeconds(2);

    /// <summary>Runs until the end was sent, or the session broke.</summary>
    /// <param name="offset">Where the host's copy of the output ends.</param>
    /// <param name="cancellationToken">The session broke.</param>
    /// <returns>Whether the host was told the end.</returns>
    public async Task<bool> RunAsync(ulong offset, CancellationToken cancellationToken)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listening = ListenAsync(left.Token);
        try
        {
            await output.WriteAsync(new ExecOutput { Started = new ProcessStarted { Pid = process.Pid } }, left.Token);
            var isTold = await SendAsync(offset, left.Token);
            await Task.WhenAny(listening, Task.Delay(_goodbyeLimit, time, left.Token));
            return isTold;
        }
        finally
        {
            await left.CancelAsync();
            await listening;
        }
    }

    private async Task<bool> SendAsync(ulong offset, CancellationToken cancellationToken)
    {
        var inputAcknowledged = 0UL;
        while (true)
        {
            process.Changed.Clear();
            var news = process.NewsSince(offset);
            if (news.Output is { } slice)
            {
                var data = slice.Data[..Math.Min(slice.Data.Length, LongestChunk)];
                await output.WriteAsync(ChunkOf(slice, data), cancellationToken);
                offset += (ulong)data.Length;
            }
            else if (news.IsForgotten)
            {
                await output.WriteAsync(Failure($"output before offset {offset} was acknowledged and is gone"), cancellationToken);
                return false;
            }
            else if (news.End is { } end)
            {
                await output.WriteAsync(ExitOf(end), cancellationToken);
                return true;
            }
            else if (news.InputAccepted != inputAcknowledged)
            {
                inputAcknowledged = news.InputAccepted;
                await output.WriteAsync(new ExecOutput { StdinAck = inputAcknowledged }, cancellationToken);
            }
            else
            {
                await process.Changed.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>Says that there is no process, and lets the host end its side.</summary>
    public static async Task RefuseAsync(
        IAsyncStreamReader<ExecInput> input,
        IServerStreamWriter<ExecOutput> output,
        string reason,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        await output.WriteAsync(Failure(reason), cancellationToken);
        using var timer = new CancellationTokenSource(_goodbyeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            while (await input.MoveNext(either.Token))
            {
                // Meant for a process that is not there.
            }
        }
        catch (Exception fault) when (IsGoodbye(fault))
        {
            // The host left, or takes too long.
        }
    }

    private static bool IsGoodbye(Exception fault) =>
        fault is OperationCanceledException or IOException or RpcException;

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await input.MoveNext(cancellationToken))
            {
                await ObeyAsync(input.Current, cancellationToken);
            }
        }
        catch (Exception fault) when (IsGoodbye(fault))
        {
            // The host is gone, or this call is over; the sending side says so.
        }
    }

    private async Task ObeyAsync(ExecInput message, CancellationToken cancellationToken)
    {
        switch (message.InputCase)
        {
            case ExecInput.InputOneofCase.Ack:
                process.Acknowledge(message.Ack);
                break;
            case ExecInput.InputOneofCase.Signal:
                process.Signal(message.Signal);
                break;
            case ExecInput.InputOneofCase.Stdin:
                process.InputRoom.Clear();
                if (!process.WriteInput(message.Stdin.Memory))
                {
                    await WaitForInputRoomAsync(cancellationToken);
                }

                break;
            case ExecInput.InputOneofCase.StdinEof when message.StdinEof:
                process.EndInput();
                break;
            default:
                // Not known to this generation, or a second start: nothing to do.
                break;
        }
    }

    private async Task WaitForInputRoomAsync(CancellationToken cancellationToken)
    {
        while (!process.HasInputRoom())
        {
            await process.InputRoom.WaitAsync(cancellationToken);
            process.InputRoom.Clear();
        }
    }

    private static ExecOutput Failure(string message) => new() { Failed = new ExecFailed { Message = message } };

    private static ExecOutput ChunkOf(OutputSlice slice, ReadOnlyMemory<byte> data) => new()
    {
        // Sound: the bytes of a block never change once written.
        Chunk = new OutputChunk
        {
            Stream = slice.Stream,
            Offset = slice.Offset,
            Data = UnsafeByteOperations.UnsafeWrap(data),
        },
    };

    private static ExecOutput ExitOf(ProcessEnd end) => new()
    {
        Exited = new ProcessExited
        {
            ExitCode = end.ExitCode,
            Signal = end.Signal,
            TimedOut = end.TimedOut,
            DurationUs = (long)end.Duration.TotalMicroseconds,
            MemoryKills = end.MemoryKills,
        },
    };
}
