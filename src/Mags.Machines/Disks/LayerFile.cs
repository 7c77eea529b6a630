using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Disks;

/// <summary>An open file of a layer. Its handle is for QEMU, which has its own from then on.</summary>
internal sealed class LayerFile : IDisposable
{
    /// <summary>What a new layer's file says of its last write, so that the first one by a machine shows.</summary>
    internal static readonly DateTime Unwritten = DateTime.UnixEpoch;

    // Header, reference counts and their table, of a cluster each; the table of the clusters that hold data follows.
    private const int LeastBytes = 3 * 65536;

    private LayerFile(string path, FileAccess access)
    {
        Path = path;
        Handle = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite);
    }

    internal string Path { get; }

    internal SafeFileHandle Handle { get; }

    /// <summary>Opens a layer that is only read.</summary>
    /// <exception cref="MachineException">It is gone.</exception>
    internal static LayerFile ForReading(string path)
    {
        try
        {
            return new LayerFile(path, FileAccess.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MachineException(
                MachineFault.NoDisk,
                $"The layer {path} of its disk is gone: put it back, or delete the workspace.",
                e);
        }
    }

    /// <summary>Opens layers that are only read.</summary>
    /// <exception cref="MachineException">One is gone.</exception>
    internal static IReadOnlyList<LayerFile> ForReading(IEnumerable<string> paths)
    {
        var files = new List<LayerFile>();
        try
        {
            foreach (var path in paths)
            {
                files.Add(ForReading(path));
            }

            return files;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Makes an empty layer and opens it for writing; nothing may be there.</summary>
    /// <param name="blank">The blank of its size.</param>
    /// <param name="path">Where it is made.</param>
    // A copy of some 200 KB; a process that makes one takes twenty times as long.
    internal static LayerFile Make(BlankDisk blank, string path)
    {
        File.Copy(blank.LayerTemplate, path);
        File.SetLastWriteTimeUtc(path, Unwritten);
        return new LayerFile(path, FileAccess.ReadWrite);
    }

    /// <summary>
    /// Whether a file was made to its end; one whose making a crash cut off is short, or zero. Any other content counts: a
    /// damaged layer is for its user to know of, and nothing to be thrown away.
    /// </summary>
    internal static bool IsWhole(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var file = File.OpenHandle(path, share: FileShare.ReadWrite);
        Span<byte> beginning = stackalloc byte[4];
        return RandomAccess.GetLength(file) > LeastBytes && RandomAccess.Read(file, beginning, 0) == beginning.Length
            && beginning.ContainsAnyExcept((byte)0);
    }

    public void Dispose() => Handle.Dispose();
}
