using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mags.Cluster.Jobs.Logs;

/// <summary>
/// Appends to one job's log. Each call returns when its lines are handed to the operating system, so what a
/// follower saw is there after the server was killed, and a caller that awaits it reads no faster than the disk
/// writes. For one caller at a time.
/// </summary>
public sealed class JobLogWriter : IDisposable
{
    /// <summary>Bounds a batch: a piece of newlines alone grows 17 times.</summary>
    private const int PieceBytes = 32 * 1024;

    private readonly SafeFileHandle _log;
    private readonly SafeFileHandle _index;
    private readonly JobLogFeed _feed;
    private readonly Action _onClosed;
    private readonly TimeProvider _time;
    private readonly long _maxBytes;
    private readonly LineSplitter _stdout;
    private readonly LineSplitter _stderr;
    private readonly ArrayBufferWriter<byte> _batch = new();
    private readonly ArrayBufferWriter<byte> _indexBatch = new();
    private long _offset;
    private long _seq;
    private DateTimeOffset _now;
    private bool _full;
    private bool _closed;

    internal JobLogWriter(
        string logPath,
        string indexPath,
        LogPosition position,
        JobLogFeed feed,
        long maxBytes,
        TimeProvider time,
        Action onClosed)
    {
        (_feed, _maxBytes, _time, _onClosed) = (feed, maxBytes, time, onClosed);
        (_offset, _seq) = (position.Offset, position.Seq);
        _log = Open(logPath);
        _index = Open(indexPath);
        if (position.Seq == 0)
        {
            RandomAccess.Write(_log, LogFormat.Signature, 0);
        }

        _stdout = new LineSplitter(LogFormat.MaxMessageBytes, line => Limit(LogSource.Stdout, line));
        _stderr = new LineSplitter(LogFormat.MaxMessageBytes, line => Limit(LogSource.Stderr, line));
        _feed.Commit(_offset);
    }

    /// <summary>Takes bytes of the script; what stands after the last newline waits for its line's end.</summary>
    public async ValueTask AppendAsync(LogSource source, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var splitter = source == LogSource.Stderr ? _stderr : _stdout;
        while (!data.IsEmpty && !_full)
        {
            var length = Math.Min(PieceBytes, data.Length);
            _now = _time.GetUtcNow();
            splitter.Push(data.Span[..length]);
            data = data[length..];
            await CommitAsync(cancellationToken);
        }
    }

    /// <summary>Writes one line of the platform's own.</summary>
    public async ValueTask AppendSystemAsync(string message, CancellationToken cancellationToken)
    {
        _now = _time.GetUtcNow();
        AddSystem(message);
        await CommitAsync(cancellationToken);
    }

    /// <summary>Writes the last lines that have no newline: the script's output is complete.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        _now = _time.GetUtcNow();
        _stdout.Flush();
        _stderr.Flush();
        await CommitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _log.Dispose();
            _index.Dispose();
            _feed.Commit(null);
            _onClosed();
        }
    }

    private static SafeFileHandle Open(string path) => File.OpenHandle(
        path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private void Limit(LogSource source, ReadOnlySpan<byte> message)
    {
        if (_full)
        {
            return;
        }

        if (_offset + _batch.WrittenCount + LogFormat.HeaderLength + message.Length > _maxBytes)
        {
            _full = true;
            AddSystem($"the log has reached its limit of {_maxBytes} bytes ({JobLogOptions.Section}:"
                + $"{nameof(JobLogOptions.MaxBytes)}); what the script prints from here on is not kept");
            return;
        }

        Add(source, message);
    }

    private void AddSystem(string message)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        Add(LogSource.System, bytes.AsSpan(0, Math.Min(bytes.Length, LogFormat.MaxMessageBytes)));
    }

    private void Add(LogSource source, ReadOnlySpan<byte> message)
    {
        if (_seq % LogFormat.LinesPerIndexEntry == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(
                _indexBatch.GetSpan(LogFormat.IndexEntryLength), _offset + _batch.WrittenCount);
            _indexBatch.Advance(LogFormat.IndexEntryLength);
        }

        var record = _batch.GetSpan(LogFormat.HeaderLength + message.Length);
        LogFormat.WriteHeader(record, source, _now, message.Length);
        message.CopyTo(record[LogFormat.HeaderLength..]);
        _batch.Advance(LogFormat.HeaderLength + message.Length);
        _seq++;
    }

    private async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        if (_batch.WrittenCount == 0)
        {
            return;
        }

        await RandomAccess.WriteAsync(_log, _batch.WrittenMemory, _offset, cancellationToken);
        if (_indexBatch.WrittenCount > 0)
        {
            // The entries' own numbers follow from how many there are before them.
            var entries = (_seq + LogFormat.LinesPerIndexEntry - 1) / LogFormat.LinesPerIndexEntry;
            var place = (entries * LogFormat.IndexEntryLength) - _indexBatch.WrittenCount;
            await RandomAccess.WriteAsync(_index, _indexBatch.WrittenMemory, place, cancellationToken);
        }

        _offset += _batch.WrittenCount;
        _batch.ResetWrittenCount();
        _indexBatch.ResetWrittenCount();
        _feed.Commit(_offset);
    }
}

/// <summary>Where a log's whole records end.</summary>
/// <param name="Offset">Bytes.</param>
/// <param name="Seq">Lines.</param>
internal readonly record struct LogPosition(long Offset, long Seq);
