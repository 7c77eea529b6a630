using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mags.Cluster.Jobs.Logs;

/// <summary>
/// Reads one job's log from its files, from a sequence number on, a bounded piece at a time. May be used while the
/// log is being written, and on one that a crash cut off: it ends at the last whole record.
/// </summary>
public sealed class JobLogReader : IDisposable
{
    private const int BufferLength = 2 * (LogFormat.HeaderLength + LogFormat.MaxMessageBytes);
    private readonly string _logPath;
    private readonly string _indexPath;
    private readonly Func<long?> _committedBytes;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
    private SafeFileHandle? _log;
    private long _after;
    private int _start;
    private int _end;
    private bool _disposed;

    /// <param name="logPath">The log file; it may come to be later.</param>
    /// <param name="indexPath">Its index.</param>
    /// <param name="after">Lines up to this number are passed over.</param>
    /// <param name="committedBytes">How far the file holds whole records; null when all of it counts.</param>
    internal JobLogReader(string logPath, string indexPath, long after, Func<long?> committedBytes)
    {
        (_logPath, _indexPath, _after, _committedBytes) = (logPath, indexPath, after, committedBytes);
    }

    /// <summary>Offset behind the last record that was read.</summary>
    internal long Offset { get; private set; }

    /// <summary>Number of the last record that was read or passed over.</summary>
    internal long Seq { get; private set; }

    /// <summary>The next lines, at most <paramref name="maxLines"/>; none when there are no more for now.</summary>
    public async ValueTask<IReadOnlyList<LogLine>> ReadAsync(int maxLines, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var lines = new List<LogLine>();
        if (_log is null && !await OpenAsync(cancellationToken))
        {
            return lines;
        }

        while (lines.Count < maxLines)
        {
            if (TakeRecord(lines))
            {
                continue;
            }

            // What is there is handed on before more is read: memory stays bounded by one buffer.
            if (lines.Count > 0 || !await FillAsync(cancellationToken))
            {
                break;
            }
        }

        return lines;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _log?.Dispose();
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    private async ValueTask<bool> OpenAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_logPath))
        {
            return false;
        }

        _log = Open(_logPath);
        Offset = LogFormat.SignatureLength;
        var entry = _after / LogFormat.LinesPerIndexEntry;
        if (entry > 0 && File.Exists(_indexPath))
        {
            await SkipAsync(entry, cancellationToken);
        }

        return true;
    }

    /// <summary>Goes to the index's entry, or its last one before; stays at the start when it cannot be true.</summary>
    private async ValueTask SkipAsync(long entry, CancellationToken cancellationToken)
    {
        using var index = Open(_indexPath);
        entry = Math.Min(entry, (RandomAccess.GetLength(index) / LogFormat.IndexEntryLength) - 1);
        if (entry <= 0)
        {
            return;
        }

        var bytes = new byte[LogFormat.HeaderLength];
        var place = entry * LogFormat.IndexEntryLength;
        await RandomAccess.ReadAsync(index, bytes.AsMemory(0, LogFormat.IndexEntryLength), place, cancellationToken);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (offset < LogFormat.SignatureLength || offset + LogFormat.HeaderLength > ReadableBytes())
        {
            return;
        }

        await RandomAccess.ReadAsync(_log!, bytes, offset, cancellationToken);
        if (LogFormat.TryReadHeader(bytes, out _))
        {
            Offset = offset;
            Seq = entry * LogFormat.LinesPerIndexEntry;
        }
    }

    private bool TakeRecord(List<LogLine> lines)
    {
        var available = _buffer.AsSpan(_start, _end - _start);
        if (available.Length < LogFormat.HeaderLength
            || !LogFormat.TryReadHeader(available, out var header)
            || available.Length < LogFormat.HeaderLength + header.MessageLength)
        {
            return false;
        }

        Seq++;
        if (Seq > _after)
        {
            var message = Encoding.UTF8.GetString(available.Slice(LogFormat.HeaderLength, header.MessageLength));
            var timestamp = new DateTimeOffset(header.UtcTicks, TimeSpan.Zero);
            lines.Add(new LogLine(Seq, timestamp, header.Source, message));
            _after = Seq;
        }

        _start += LogFormat.HeaderLength + header.MessageLength;
        Offset += LogFormat.HeaderLength + header.MessageLength;
        return true;
    }

    /// <summary>Reads on; false when there is nothing more, for now or for ever.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var from = Offset + _end;
        var wanted = (int)Math.Min(BufferLength - _end, ReadableBytes() - from);
        if (wanted <= 0)
        {
            return false;
        }

        var read = await RandomAccess.ReadAsync(_log!, _buffer.AsMemory(_end, wanted), from, cancellationToken);
        _end += read;
        return read > 0;
    }

    private long ReadableBytes() => _committedBytes() ?? RandomAccess.GetLength(_log!);

    private static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
