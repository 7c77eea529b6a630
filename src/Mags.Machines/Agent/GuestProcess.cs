using Google.Protobuf;
using Grpc.Core;
using Mags.Protocol;

namespace Mags.Machines.Agent;

/// <summary>
/// One process in a guest as its host sees it: starts it, hands out its output in order, and takes a session that broke
/// up again at the offset reached. The guest keeps output until it is acknowledged, which happens as it is consumed: a
/// slow reader slows the process, and nothing is lost or told twice.
/// </summary>
internal sealed class GuestProcess(
    AgentChannel channel, ProcessSpec spec, TimeProvider time, CancellationToken cancellationToken) : IAsyncDisposable
{
    /// <summary>How often in a row a broken session is taken up again.</summary>
    internal const int Attempts = 6;

    private const ulong AcknowledgeEvery = 32 * 1024;

    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _attemptLimit = TimeSpan.FromSeconds(15);

    private readonly long _began = time.GetTimestamp();
    private readonly string _id = Guid.CreateVersion7().ToString("N");
    private AsyncDuplexStreamingCall<ExecInput, ExecOutput>? _call;
    private bool _started;
    private bool _startAgain;
    private bool _ended;
    private ulong _consumed;
    private ulong _acknowledged;
    private int _failures;

    /// <summary>
    /// A call that is open already, in a machine that has just been claimed: the process starts on it, and sets the
    /// guest's clock, for the time in the claim was late.
    /// </summary>
    internal AsyncDuplexStreamingCall<ExecInput, ExecOutput>? Opened { get; init; }

    /// <summary>The next event, or null after the process's end.</summary>
    /// <exception cref="MachineException">It could not be started, or the agent does not answer any more.</exception>
    /// <exception cref="OperationCanceledException">It was given up. Nothing else is thrown.</exception>
    internal async Task<ProcessEvent?> NextAsync()
    {
        while (!_ended)
        {
            try
            {
                if (Take(await ReadAsync()) is { } result)
                {
                    _failures = 0;
                    return result;
                }
            }
#pragma warning disable CA1031 // A guest's bytes raise what they like, types of the HTTP stack's own parsers among them.
            catch (Exception e) when (e is not MachineException)
#pragma warning restore CA1031
            {
                // Whatever broke: who gave up wants to hear that, and nothing else.
                cancellationToken.ThrowIfCancellationRequested();
                await PauseAsync(e);
            }
        }

        return null;
    }

    public ValueTask DisposeAsync()
    {
        Opened?.Dispose();
        _call?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ExecOutput> ReadAsync()
    {
        var call = _call ??= await OpenAsync();
        var reading = call.ResponseStream.MoveNext(cancellationToken);
        // Also when there is nothing more to read at the moment: the guest's buffer may be small, and it waits.
        if (_consumed - _acknowledged >= AcknowledgeEvery || (!reading.IsCompleted && _consumed > _acknowledged))
        {
            await call.RequestStream.WriteAsync(new ExecInput { Ack = _consumed }, cancellationToken);
            _acknowledged = _consumed;
        }

        // A stream that ends without the process's end is a broken session.
        return await reading
            ? call.ResponseStream.Current
            : throw new IOException("The session ended before the process.");
    }

    private async Task<AsyncDuplexStreamingCall<ExecInput, ExecOutput>> OpenAsync()
    {
        var call = Opened is { } opened && _failures == 0
            ? opened
            : channel.Client.Exec(cancellationToken: cancellationToken);
        using var timer = new CancellationTokenSource(_attemptLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            var input = _started || (_failures > 0 && !_startAgain)
                ? new ExecInput { Attach = new AttachProcess { ProcessId = _id, Offset = _consumed } }
                : new ExecInput { Start = Start() };
            await call.RequestStream.WriteAsync(input, limit.Token);
            return call;
        }
        catch (Exception e)
        {
            var cause = timer.IsCancellationRequested
                ? new TimeoutException($"it took no call within {_attemptLimit.TotalSeconds} s")
                : await CauseAsync(call, e, limit.Token);
            call.Dispose();
            throw cause;
        }
    }

    /// <summary>Why a call took no message: the writing end is told of its end alone, the reading one of its reason.</summary>
    private static async Task<Exception> CauseAsync(
        AsyncDuplexStreamingCall<ExecInput, ExecOutput> call, Exception told, CancellationToken limit)
    {
        try
        {
            _ = await call.ResponseHeadersAsync.WaitAsync(limit);
            return told;
        }
#pragma warning disable CA1031 // Every way to fail is an answer here.
        catch (Exception cause)
#pragma warning restore CA1031
        {
            return cause;
        }
    }

    private StartProcess Start()
    {
        var start = new StartProcess
        {
            ProcessId = _id,
            WorkingDirectory = spec.WorkingDirectory,
            TimeoutMs = spec.Timeout is { } timeout ? Math.Max(1, (long)timeout.TotalMilliseconds) : 0,
            UnixTimeNs = Opened is null ? 0 : GuestClock.Now(time),
        };
        start.Argv.AddRange(spec.Arguments);
        foreach (var (name, value) in spec.Environment)
        {
            start.Environment[name] = value;
        }

        if (spec.Script is { } script)
        {
            // Sound: nobody changes a script that was handed over.
            start.Script = UnsafeByteOperations.UnsafeWrap(script);
        }

        return start;
    }

    private ProcessEvent? Take(ExecOutput output)
    {
        switch (output.OutputCase)
        {
            case ExecOutput.OutputOneofCase.Started:
                // An attached session may tell it again.
                return Once(ref _started) ? new Machines.ProcessStarted(output.Started.Pid) : null;
            case ExecOutput.OutputOneofCase.Chunk:
                return TakeChunk(output.Chunk);
            case ExecOutput.OutputOneofCase.Exited:
                _ended = true;
                return GuestWord.End(output.Exited, time.GetElapsedTime(_began));
            case ExecOutput.OutputOneofCase.Failed when _failures > 0 && !_started && !_startAgain:
                // The guest does not know it: the session broke before the start arrived. So start it now.
                Reset();
                _startAgain = true;
                return null;
            case ExecOutput.OutputOneofCase.Failed:
                throw new MachineException(
                    MachineFault.Agent,
                    _started
                        ? $"The guest does not go on with {spec.Arguments[0]}: {GuestWord.Text(output.Failed.Message)}."
                        : $"{spec.Arguments[0]} could not be run: {GuestWord.Text(output.Failed.Message)}.");
            default:
                // A newer guest may say more than this host knows.
                return null;
        }
    }

    private ProcessOutput? TakeChunk(OutputChunk chunk)
    {
        if (chunk.Offset > _consumed)
        {
            throw new MachineException(
                MachineFault.Agent, $"The guest lost output from byte {_consumed} to {chunk.Offset}.");
        }

        var known = (int)Math.Min(_consumed - chunk.Offset, (ulong)chunk.Data.Length);
        var data = chunk.Data.Memory[known..];
        if (data.IsEmpty)
        {
            return null;
        }

        _consumed += (ulong)data.Length;
        return new ProcessOutput(
            chunk.Stream == OutputStream.Stderr ? OutputSource.Stderr : OutputSource.Stdout, data);
    }

    private async Task PauseAsync(Exception cause)
    {
        Reset();
        if (++_failures >= Attempts)
        {
            throw new MachineException(
                MachineFault.Agent,
                $"The guest's agent did not answer {Attempts} times in a row: {GuestWord.Text(ReasonOf(cause))}",
                cause);
        }

        await Task.Delay(_firstPause * (1 << _failures), time, cancellationToken);
    }

    private static string ReasonOf(Exception cause) =>
        cause is RpcException { Status.Detail: { Length: > 0 } detail } ? detail : cause.Message;

    private void Reset()
    {
        _call?.Dispose();
        _call = null;
    }

    private static bool Once(ref bool flag)
    {
        var first = !flag;
        flag = true;
        return first;
    }
}
