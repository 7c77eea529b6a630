using Mags.Agent.Io;
using Mags.Agent.Native;
using Mags.Protocol;

namespace Mags.Agent.Processes;

/// <summary>A process in the sandbox: its output until it is acknowledged, its input, its end.</summary>
/// <remarks>
/// It has ended when its first program has, plus <see cref="Grace"/> for output on its way: background children that keep
/// the pipes open are not waited for. The loop's thread feeds it; any thread may read it.
/// </remarks>
internal sealed class GuestProcess : IReadyHandler
{
    private const int KillSignal = 9;

    private readonly Lock _gate = new();
    private readonly ISandbox _sandbox;
    private readonly IoLoop _loop;
    private readonly TimeProvider _time;
    private readonly OutputBuffer _buffer;
    private readonly OutputPipe _output;
    private readonly OutputPipe _error;
    private readonly InputPipe? _input;
    private readonly int _pidFd;
    private readonly long _startedAt;
    private readonly long _memoryKillsBefore;
    private ulong _pidToken;
    private Deadline? _timeout;
    private bool _timedOut;
    private ProcessEnd? _end;

    public GuestProcess(
        string id,
        int pid,
        ProcessPipes pipes,
        long startedAt,
        ISandbox sandbox,
        IoLoop loop,
        TimeProvider time,
        OutputBudget budget)
    {
        (Id, Pid, _startedAt, _sandbox, _loop, _time) = (id, pid, startedAt, sandbox, loop, time);
        _buffer = new OutputBuffer(budget);
        _output = new OutputPipe(this, OutputStream.Stdout, pipes.Output, loop);
        _error = new OutputPipe(this, OutputStream.Stderr, pipes.Error, loop);
        _input = pipes.Input >= 0 ? new InputPipe(this, pipes.Input, loop) : null;
        _memoryKillsBefore = sandbox.MemoryKills;
        _pidFd = ChildProcess.OpenWatch(pid);
    }

    /// <summary>How long the pipes are read on after the end, while others hold them open.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromMilliseconds(50);

    public string Id { get; }

    public int Pid { get; }

    /// <summary>Whether a script of its own was stored for it.</summary>
    public bool HasScript { get; init; }

    /// <summary>Set whenever there may be more to send. Cleared by the one who sends.</summary>
    public Readiness Changed { get; } = new();

    /// <summary>Has the loop watch the process.</summary>
    /// <param name="timeout">Past it its process group is killed; zero for no limit.</param>
    public void Watch(TimeSpan timeout)
    {
        lock (_gate)
        {
            _output.Watch();
            _error.Watch();
            _pidToken = _loop.Add(_pidFd, IoEvents.Readable, this);
            _timeout = timeout > TimeSpan.Zero ? _loop.Schedule(timeout, OnTimeout) : null;
        }
    }

    /// <summary>What there is to send from an offset on.</summary>
    public ProcessNews NewsSince(ulong offset)
    {
        lock (_gate)
        {
            if (_buffer.TryGet(offset, out var slice))
            {
                return new ProcessNews(slice, null, _input?.Accepted ?? 0, IsForgotten: false);
            }

            var isComplete = _end is not null && !_output.IsOpen && !_error.IsOpen;
            return new ProcessNews(null, isComplete ? _end : null, _input?.Accepted ?? 0, offset < _buffer.Start);
        }
    }

    /// <summary>Forgets output below an offset that the host has, and reads on if that makes room.</summary>
    public void Acknowledge(ulong offset)
    {
        lock (_gate)
        {
            _buffer.Forget(offset);
            _output.Watch();
            _error.Watch();
        }
    }

    /// <summary>Whether the host said that it has every byte.</summary>
    public bool IsFullyAcknowledged
    {
        get
        {
            lock (_gate)
            {
                return _buffer.Start == _buffer.End;
            }
        }
    }

    /// <summary>Sends a signal to the process group, unless the process has ended.</summary>
    public void Signal(int signal)
    {
        lock (_gate)
        {
            // Not yet waited for, so the number cannot have become another's.
            if (_end is null)
            {
                _ = NativeMethods.Kill(-Pid, signal);
            }
        }
    }

    /// <summary>Queues standard input.</summary>
    /// <returns>Whether the queue has room for more.</returns>
    public bool WriteInput(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            _input?.Enqueue(bytes);
        }

        Changed.Set();
        return HasInputRoom();
    }

    public void EndInput()
    {
        lock (_gate)
        {
            _input?.End();
        }
    }

    /// <summary>Room for more standard input.</summary>
    public Readiness InputRoom { get; } = new();

    public bool HasInputRoom()
    {
        lock (_gate)
        {
            return _input is null || _input.Queued < InputPipe.Limit;
        }
    }

    /// <summary>Gives all memory back, once nobody will ask for the output again.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _buffer.Release();
        }
    }

    public void OnReady(IoEvents events)
    {
        lock (_gate)
        {
            if (_end is not null || ChildProcess.TakeStatus(Pid) is not { } status)
            {
                return;
            }

            _loop.Remove(_pidFd, _pidToken);
            FileDescriptor.Close(_pidFd);
            _timeout?.Cancel();
            _input?.Close();
            var end = ProcessEnd.FromStatus(status, _timedOut, _time.GetElapsedTime(_startedAt)) with
            {
                MemoryKills = _sandbox.MemoryKills - _memoryKillsBefore,
            };
            if (end is { Signal: KillSignal, TimedOut: false } && _sandbox.IsEnding)
            {
                // The machine goes down right after; "killed by signal 9" would hide from the host why.
                return;
            }

            _end = end;
            if (_output.IsOpen || _error.IsOpen)
            {
                _loop.Schedule(Grace, OnGraceOver);
            }
        }

        Tell();
    }

    public void OnOutputReady(OutputPipe pipe)
    {
        lock (_gate)
        {
            pipe.ReadInto(_buffer);
        }

        Changed.Set();
    }

    public void OnInputReady(InputPipe pipe)
    {
        lock (_gate)
        {
            pipe.Write();
        }

        Tell();
    }

    private void OnGraceOver()
    {
        lock (_gate)
        {
            _output.ReadNoMoreThanWaits();
            _error.ReadNoMoreThanWaits();
        }

        Changed.Set();
    }

    private void OnTimeout()
    {
        lock (_gate)
        {
            if (_end is null)
            {
                _timedOut = true;
                _ = NativeMethods.Kill(-Pid, KillSignal);
            }
        }
    }

    private void Tell()
    {
        Changed.Set();
        InputRoom.Set();
    }
}
