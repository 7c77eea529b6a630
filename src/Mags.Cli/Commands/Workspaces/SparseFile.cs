namespace Mags.Cli.Commands.Workspaces;

/// <summary>
/// A new file whose zeros take no room, and that is there when it is whole: it is written under another name beside its
/// own, and goes when it is not finished.
/// </summary>
internal sealed class SparseFile : Stream
{
    private const int BlockBytes = 4096;

    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _file;
    private long _position;
    private bool _isFinished;

    private SparseFile(string path, string temporary)
    {
        (_path, _temporary) = (path, temporary);
        _file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _position;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <exception cref="CliException">It cannot be made, or something is there already.</exception>
    public static SparseFile Create(string path, bool replace)
    {
        if (Directory.Exists(path))
        {
            throw new CliException($"{path} is a folder; name a file");
        }

        var there = new FileInfo(path);
        if (there.Exists && !(replace && IsPlain(there)))
        {
            throw new CliException(replace ? $"{path} is no plain file" : $"there is a file {path} already; --force replaces it");
        }

        var whole = Path.GetFullPath(path);
        var temporary = Path.Combine(
            Path.GetDirectoryName(whole)!, $".{Path.GetFileName(whole)}.{Guid.NewGuid():N}.part");
        try
        {
            return new SparseFile(whole, temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fault(path, e);
        }
    }

    /// <summary>Gives it its name.</summary>
    /// <exception cref="CliException">That failed; it goes.</exception>
    public void Finish()
    {
        try
        {
            _file.SetLength(_position);
            _file.Flush(flushToDisk: true);
            _file.Dispose();
            File.Move(_temporary, _path, overwrite: true);
            _isFinished = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fault(_path, e);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                // To the end of its block: a hole is whole blocks.
                var count = (int)Math.Min(buffer.Length, BlockBytes - (_position % BlockBytes));
                var isZero = IsZero(buffer[..count]);
                while (count < buffer.Length && IsZero(Block(buffer, count)) == isZero)
                {
                    count += Block(buffer, count).Length;
                }

                if (!isZero)
                {
                    RandomAccess.Write(_file.SafeFileHandle, buffer[..count], _position);
                }

                _position += count;
                buffer = buffer[count..];
            }
        }
        catch (IOException e)
        {
            throw Fault(_path, e);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
            if (!_isFinished)
            {
                File.Delete(_temporary);
            }
        }

        base.Dispose(disposing);
    }

    private static bool IsPlain(FileInfo file) =>
        !file.Attributes.HasFlag(FileAttributes.Device) && file.LinkTarget is null;

    private static ReadOnlySpan<byte> Block(ReadOnlySpan<byte> buffer, int from) =>
        buffer.Slice(from, Math.Min(BlockBytes, buffer.Length - from));

    private static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);

    private static CliException Fault(string path, Exception cause) =>
        new($"cannot write {path}: {cause.Message}", innerException: cause);
}
