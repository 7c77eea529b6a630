using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mags.Machines.Agent;
using Mags.Machines.Native;

namespace Mags.Machines.Qemu;

/// <summary>
/// QEMU's monitor protocol (QMP, docs/interop/qmp-spec in QEMU's sources): JSON lines, commands answered in order, events
/// in between. A command is written when its method is called, so a caller may issue several and await them later. QEMU reads its monitor byte by byte: short commands are fast commands.
/// </summary>
internal sealed class QmpClient : IAsyncDisposable
{
    /// <summary>How long QEMU may take to answer one command before it counts as hung.</summary>
    internal static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(20);

    // The longest of real ones, of a device tree, is a hundredth of it.
    private const int MaxMessageBytes = 1 << 20;

    private readonly NetworkStream _stream;
    private readonly Action<QmpEvent> _onEvent;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Pending> _pending = [];
    private readonly TaskCompletionSource _greeted = NewSource();
    private readonly Task _reading;
    private MachineException? _closed;
    private long _lastId;

    /// <summary>Takes over a connection. Events are called one after the other and must not block.</summary>
    internal QmpClient(NetworkStream stream, Action<QmpEvent> onEvent, TimeProvider time)
    {
        _stream = stream;
        _onEvent = onEvent;
        _time = time;
        _reading = ReadAsync();
    }

    /// <summary>Waits for the greeting and leaves negotiation mode.</summary>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        await _greeted.Task.WaitAsync(CommandTimeout, _time, cancellationToken);
        _ = await ExecuteAsync("qmp_capabilities", null, null, cancellationToken);
    }

    /// <summary>Runs a command, with an open file attached if given.</summary>
    /// <exception cref="MachineException">QEMU refused it, did not answer in time, or is gone.</exception>
    internal Task<JsonElement> ExecuteAsync(
        string command, JsonObject? arguments, SafeHandle? file, CancellationToken cancellationToken)
    {
        var pending = new Pending(command);
        lock (_lock)
        {
            if (_closed is not null)
            {
                return Task.FromException<JsonElement>(_closed);
            }

            var id = ++_lastId;
            _pending[id] = pending;
            try
            {
                FdSender.Send(_stream.Socket, Encode(command, arguments, id), file);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                _ = _pending.Remove(id);
                return Task.FromException<JsonElement>(
                    new MachineException(MachineFault.Hypervisor, $"QEMU does not take the command {command}.", e));
            }
        }

        return AwaitAsync(pending, cancellationToken);
    }

    /// <summary>Runs a command without a file.</summary>
    internal Task<JsonElement> ExecuteAsync(
        string command, JsonObject? arguments, CancellationToken cancellationToken) =>
        ExecuteAsync(command, arguments, null, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _reading;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<JsonElement> AwaitAsync(Pending pending, CancellationToken cancellationToken)
    {
        try
        {
            return await pending.Answer.Task.WaitAsync(CommandTimeout, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new MachineException(
                MachineFault.Hypervisor,
                $"QEMU did not answer the command {pending.Command} within {CommandTimeout.TotalSeconds:0} s.",
                e);
        }
    }

    private static ReadOnlySpan<byte> Encode(string command, JsonObject? arguments, long id)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("execute", command);
            if (arguments is not null)
            {
                json.WritePropertyName("arguments");
                arguments.WriteTo(json);
            }

            json.WriteNumber("id", id);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan;
    }

    private async Task ReadAsync()
    {
        Exception? cause = null;
        try
        {
            var buffer = new byte[4096];
            var filled = 0;
            while (true)
            {
                if (filled == MaxMessageBytes)
                {
                    throw new InvalidDataException($"A message of QEMU is longer than {MaxMessageBytes} bytes.");
                }

                if (filled == buffer.Length)
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                var read = await _stream.ReadAsync(buffer.AsMemory(filled));
                if (read == 0)
                {
                    break;
                }

                filled += read;
                var used = TakeLines(buffer.AsMemory(0, filled));
                buffer.AsSpan(used, filled - used).CopyTo(buffer);
                filled -= used;
            }
        }
#pragma warning disable CA1031 // A QEMU that its guest has taken over says what it likes: that ends its monitor, and no more.
        catch (Exception e)
#pragma warning restore CA1031
        {
            cause = e;
        }

        Close(cause);
    }

    private int TakeLines(ReadOnlyMemory<byte> bytes)
    {
        var used = 0;
        while (bytes.Span[used..].IndexOf((byte)'\n') is >= 0 and var length)
        {
            var line = bytes.Slice(used, length);
            used += length + 1;
            if (!line.Span.Trim("\r \t"u8).IsEmpty)
            {
                using var document = JsonDocument.Parse(line);
                Take(document.RootElement.Clone());
            }
        }

        return used;
    }

    private void Take(JsonElement message)
    {
        if (message.TryGetProperty("event", out var name))
        {
            _ = message.TryGetProperty("data", out var data);
            _onEvent(new QmpEvent(name.GetString() ?? "", data));
        }
        else if (message.TryGetProperty("QMP", out _))
        {
            _ = _greeted.TrySetResult();
        }
        else if (message.TryGetProperty("id", out var id) && Remove(id.GetInt64()) is { } pending)
        {
            if (message.TryGetProperty("return", out var result))
            {
                pending.Answer.SetResult(result);
            }
            else
            {
                pending.Answer.SetException(new MachineException(
                    MachineFault.Hypervisor, $"QEMU refused {pending.Command}: {ReasonIn(message)}"));
            }
        }
    }

    private static string ReasonIn(JsonElement message) =>
        message.TryGetProperty("error", out var error)
        && error.ValueKind == JsonValueKind.Object
        && error.TryGetProperty("desc", out var text)
        && text.ValueKind == JsonValueKind.String
            ? GuestWord.Text(text.GetString()!)
            : "it does not say why";

    private Pending? Remove(long id)
    {
        lock (_lock)
        {
            return _pending.Remove(id, out var pending) ? pending : null;
        }
    }

    private void Close(Exception? cause)
    {
        List<Pending> left;
        var closed = new MachineException(MachineFault.Hypervisor, "QEMU closed its monitor.", cause);
        lock (_lock)
        {
            _closed = closed;
            left = [.. _pending.Values];
            _pending.Clear();
        }

        _ = _greeted.TrySetException(closed);
        foreach (var pending in left)
        {
            pending.Answer.SetException(closed);
            // A caller that was cancelled does not look any more.
            _ = pending.Answer.Task.Exception;
        }

        _ = _greeted.Task.Exception;
    }

    private sealed record Pending(string Command)
    {
        internal TaskCompletionSource<JsonElement> Answer { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
