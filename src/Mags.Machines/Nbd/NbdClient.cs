using System.Buffers.Binary;
using Mags.Machines.Qemu;

namespace Mags.Machines.Nbd;

/// <summary>
/// Reads and writes a disk over NBD, several requests at once. The peer is a QEMU that may be in the hands of the guest
/// whose layers it reads: whatever it says ends at worst in a <see cref="MachineException"/>, in bounded time and memory.
/// </summary>
internal sealed class NbdClient : IAsyncDisposable
{
    /// <summary>The most bytes of one read or write.</summary>
    internal const int LongestTransfer = 2 << 20;

    /// <summary>The most bytes that are asked for in one status: as many as a peer can list spans of, at their least.</summary>
    internal const int LongestStatus = 128 << 20;

    /// <summary>How long a peer may take for one request before it counts as hung.</summary>
    internal static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(1);

    private const long LongestZero = 1 << 30;
    private const int MostUnderWay = 16;

    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, NbdRequest> _underWay = [];
    private readonly SemaphoreSlim _free = new(MostUnderWay);
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Task _reading;
    private MachineException? _broken;
    private ulong _lastCookie;

    private NbdClient(Stream stream, NbdReader reader, NbdExport export, TimeProvider time)
    {
        (_stream, Export, _time) = (stream, export, time);
        _reading = ReadRepliesAsync(reader);
    }

    internal NbdExport Export { get; }

    /// <summary>Takes over a connection and agrees on an export.</summary>
    /// <exception cref="MachineException">The peer does not give it.</exception>
    internal static async Task<NbdClient> ConnectAsync(
        Stream stream, string export, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(QmpClient.CommandTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        var reader = new NbdReader(stream);
        try
        {
            return new NbdClient(stream, reader, await new NbdHandshake(stream, reader, export).RunAsync(limit.Token), time);
        }
        catch (Exception e)
        {
            await stream.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (e is IOException or InvalidDataException or OperationCanceledException)
            {
                throw Broken(e);
            }

            throw;
        }
    }

    /// <summary>Reads.</summary>
    internal Task ReadAsync(long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        var parts = new List<Task>();
        for (; !into.IsEmpty; offset += LongestTransfer)
        {
            var part = into[..Math.Min(LongestTransfer, into.Length)];
            parts.Add(RunAsync(new NbdReadRequest(offset, part), NbdNumbers.Read, offset, part.Length, default, cancellationToken));
            into = into[part.Length..];
        }

        return Task.WhenAll(parts);
    }

    /// <summary>Writes. The data is not looked at any more when this has ended, however it has.</summary>
    internal Task WriteAsync(long offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var parts = new List<Task>();
        for (; !data.IsEmpty; offset += LongestTransfer)
        {
            var part = data[..Math.Min(LongestTransfer, data.Length)];
            parts.Add(RunAsync(new NbdRequest(), NbdNumbers.Write, offset, part.Length, part, cancellationToken));
            data = data[part.Length..];
        }

        return Task.WhenAll(parts);
    }

    /// <summary>Makes a span zero, without the room for it.</summary>
    internal Task ZeroAsync(long offset, long length, CancellationToken cancellationToken)
    {
        var parts = new List<Task>();
        for (; length > 0; offset += LongestZero, length -= LongestZero)
        {
            var part = Math.Min(LongestZero, length);
            parts.Add(RunAsync(new NbdRequest(), NbdNumbers.WriteZeroes, offset, part, default, cancellationToken));
        }

        return Task.WhenAll(parts);
    }

    /// <summary>Brings all that was written to the files of the disk.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken) =>
        RunAsync(new NbdRequest(), NbdNumbers.Flush, 0, 0, default, cancellationToken);

    /// <summary>Asks what lies where; the answer may end before the length.</summary>
    internal async Task<NbdStatusRequest> StatusAsync(long offset, int length, CancellationToken cancellationToken)
    {
        var request = new NbdStatusRequest(Export);
        await RunAsync(request, NbdNumbers.BlockStatus, offset, length, default, cancellationToken);
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        Break(new ObjectDisposedException(nameof(NbdClient)));
        await _reading;
        _sending.Dispose();
        _free.Dispose();
    }

    private async Task RunAsync(
        NbdRequest request,
        ushort command,
        long offset,
        long length,
        ReadOnlyMemory<byte> data,
        CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        var header = new byte[28];
        BinaryPrimitives.WriteUInt32BigEndian(header, NbdNumbers.Request);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), command);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(8), Register(request));
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(16), offset);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(24), (uint)length);
        try
        {
            // Half a request is none, so it is sent whole whatever the caller wants meanwhile.
            await WithLimitAsync(SendAsync(header, data), CancellationToken.None);
            await WithLimitAsync(request.Answered, cancellationToken);
        }
        finally
        {
            request.Abandon();
        }
    }

    private ulong Register(NbdRequest request)
    {
        lock (_lock)
        {
            if (_broken is not null)
            {
                _ = _free.Release();
                throw _broken;
            }

            _underWay[++_lastCookie] = request;
            return _lastCookie;
        }
    }

    private async Task SendAsync(byte[] header, ReadOnlyMemory<byte> data)
    {
        await _sending.WaitAsync();
        try
        {
            await _stream.WriteAsync(header);
            if (!data.IsEmpty)
            {
                await _stream.WriteAsync(data);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Break(e);
        }
        finally
        {
            _ = _sending.Release();
        }
    }

    private async Task WithLimitAsync(Task task, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(RequestLimit, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            Break(e);
            // At once now that there is no connection any more.
            await task;
        }
    }

    private async Task ReadRepliesAsync(NbdReader reader)
    {
        try
        {
            await new NbdReplies(reader, Find, End).RunAsync();
        }
#pragma warning disable CA1031 // A QEMU that a guest has taken over says what it likes: that ends its connection, and no more.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Break(e);
        }
    }

    private NbdRequest? Find(ulong cookie)
    {
        lock (_lock)
        {
            return _underWay.GetValueOrDefault(cookie);
        }
    }

    private void End(ulong cookie)
    {
        lock (_lock)
        {
            if (_underWay.Remove(cookie))
            {
                _ = _free.Release();
            }
        }
    }

    private void Break(Exception cause)
    {
        List<NbdRequest> left;
        lock (_lock)
        {
            _broken ??= Broken(cause);
            left = [.. _underWay.Values];
            _underWay.Clear();
            if (left.Count > 0)
            {
                _ = _free.Release(left.Count);
            }
        }

        _stream.Dispose();
        left.ForEach(request => request.Fail(_broken));
    }

    private static MachineException Broken(Exception cause) => new(
        MachineFault.Hypervisor, $"The QEMU that reads layers is gone or does not answer as it must: {cause.Message}", cause);
}
