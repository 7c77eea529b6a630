using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Mags.Storage.Objects.Folders;

/// <summary>
/// An object store in a folder of a file system: a file is an object, its path the key. An object is written beside the
/// others under a name that is no key, brought to the disk, and then put in its place by one rename.
/// </summary>
internal sealed class FolderObjectStore : IObjectStore
{
    private const string Making = ".making-";
    private const string LockFile = ".lock";
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // Longer than any write takes: another process may be writing to the same folder.
    private static readonly TimeSpan _leftAfter = TimeSpan.FromHours(24);

    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly Lock _starting = new();
    private bool _started;

    public FolderObjectStore(string root, TimeProvider time)
    {
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _time = time;
    }

    public string Location => $"folder {_root}";

    public async Task PutAsync(string key, Stream content, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        try
        {
            Start();
            content.Position = 0;
            var making = NewMaking();
            try
            {
                await using (var file = new FileStream(making, ForWriting()))
                {
                    await content.CopyToAsync(file, cancellationToken);
                    await file.FlushAsync(cancellationToken);
                    await Task.Run(() => file.Flush(flushToDisk: true), cancellationToken);
                }

                await Task.Run(() => Place(making, PathOf(key)), cancellationToken);
            }
            finally
            {
                File.Delete(making);
            }
        }
        catch (Exception exception) when (FolderFault.IsOne(exception))
        {
            throw FaultOf(exception);
        }
    }

    public Task<Stream?> OpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult<Stream?>(Open(key, offset, length));
        }
        catch (Exception exception) when (FolderFault.IsOne(exception))
        {
            throw FaultOf(exception);
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        return Task.Run(() => Delete(PathOf(key)), cancellationToken);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.CheckPrefix(prefix);

        // The deepest folder that the prefix names whole; the rest is compared.
        var folder = Path.Combine(_root, prefix[..(prefix.LastIndexOf('/') + 1)]);
        using var found = Find(folder).GetEnumerator();
        while (Next(found) is { } file)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var key = Path.GetRelativePath(_root, file.FullName);
            if (key.StartsWith(prefix, StringComparison.Ordinal) && Describe(key, file) is { } stored)
            {
                yield return stored;
            }
        }

        await Task.CompletedTask;
    }

    public async Task<StoredRecord?> ReadRecordAsync(string key, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(key, 0, null, cancellationToken);
        if (stream is null)
        {
            return null;
        }

        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        return new StoredRecord(content.ToArray(), VersionOf(content.ToArray()));
    }

    public async Task<string?> WriteRecordAsync(
        string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        try
        {
            Start();

            // Also against another process on the same folder; it is held for one small write.
            using var held = await Task.Run(() => LibC.Lock(Path.Combine(_root, LockFile)), cancellationToken);
            var there = await ReadRecordAsync(key, cancellationToken);
            if (there?.Version != version)
            {
                return null;
            }

            using var stream = new MemoryStream(content.ToArray());
            await PutAsync(key, stream, cancellationToken);
            return VersionOf(content.Span);
        }
        catch (Exception exception) when (FolderFault.IsOne(exception))
        {
            throw FaultOf(exception);
        }
    }

    public Task<bool> ConditionalWrites(CancellationToken cancellationToken) => Task.FromResult(true);

    private static string VersionOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    // Files have the process's mode: the root, which only the server's user may enter, is what keeps others out.
    private static FileStreamOptions ForWriting() => new()
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Options = FileOptions.Asynchronous,
        BufferSize = 0,
    };

    private static IEnumerable<FileInfo> Find(string folder) => !Directory.Exists(folder)
        ? []
        : new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            // Whatever cannot be listed must not look as if it were not there.
            IgnoreInaccessible = false,
            AttributesToSkip = FileAttributes.Device,
        });

    private FileInfo? Next(IEnumerator<FileInfo> found)
    {
        try
        {
            return found.MoveNext() ? found.Current : null;
        }
        catch (Exception exception) when (FolderFault.IsOne(exception))
        {
            throw FaultOf(exception);
        }
    }

    // Null for what is no object, or was deleted since the folder was read.
    private static StoredObject? Describe(string key, FileInfo file)
    {
        if (file.Name.StartsWith('.'))
        {
            return null;
        }

        file.Refresh();
        return file.Exists ? new StoredObject(key, file.Length, new DateTimeOffset(file.LastWriteTimeUtc)) : null;
    }

    private PartStream? Open(string key, long offset, long? length)
    {
        try
        {
            var file = new FileStream(PathOf(key), new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                // A reader goes on with what it opened while the object is replaced or deleted.
                Share = FileShare.ReadWrite | FileShare.Delete,
                Options = FileOptions.Asynchronous,
                BufferSize = 0,
            });
            file.Position = offset;
            return new PartStream(file, length ?? long.MaxValue, FaultOf);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Delete(string path)
    {
        try
        {
            if (File.Exists(path))
            {
                File.Delete(path);
                LibC.FlushFolder(Path.GetDirectoryName(path)!);
            }
        }
        catch (Exception exception) when (FolderFault.IsOne(exception))
        {
            throw FaultOf(exception);
        }
    }

    private static void Place(string making, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        MakeFolder(folder);
        File.Move(making, path, overwrite: true);
        LibC.FlushFolder(folder);
    }

    // A new folder's own name is in its parent, which has to reach the disk too.
    private static void MakeFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            var parent = Path.GetDirectoryName(folder)!;
            MakeFolder(parent);
            if (OperatingSystem.IsWindows())
            {
                throw new PlatformNotSupportedException();
            }

            Directory.CreateDirectory(folder, FolderMode);
            LibC.FlushFolder(parent);
        }
    }

    /// <summary>Makes the folder and removes what writers left that a crash cut off; once, before the first write.</summary>
    private void Start()
    {
        lock (_starting)
        {
            if (_started)
            {
                return;
            }

            MakeFolder(_root);
            var before = _time.GetUtcNow() - _leftAfter;
            foreach (var left in new DirectoryInfo(_root).EnumerateFiles(Making + "*"))
            {
                if (left.LastWriteTimeUtc < before.UtcDateTime)
                {
                    left.Delete();
                }
            }

            _started = true;
        }
    }

    private string NewMaking() => Path.Combine(_root, $"{Making}{Guid.CreateVersion7(_time.GetUtcNow()):N}");

    private string PathOf(string key) => Path.Combine(_root, key);

    private ObjectStoreException FaultOf(Exception exception) => FolderFault.Of(_root, exception);
}
