using System.Text;
using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>Puts files into a folder, one after the other; what has a file's name there is replaced and never followed.</summary>
/// <remarks>
/// A file is written beside its place and renamed when it is whole: a link or a device of its name is neither written to
/// nor through. All but <see cref="Write"/> belongs on the sandbox's thread.
/// </remarks>
internal sealed class FilePlacement : IDisposable
{
    private const string Temporary = ".mags-upload";
    private const int LongestName = 255;
    private const uint FileMode = 0b110_100_100;
    private const uint FolderMode = 0b111_000_000;

    private readonly int _folder;
    private readonly List<string> _placed = [];
    private int _file = -1;
    private string? _name;

    /// <param name="folder">Where the files go. It is made when it is missing.</param>
    public FilePlacement(string folder)
    {
        FileSystem.MakeFolder(folder, FolderMode);
        _folder = FileDescriptor.Open(folder, FileDescriptor.ReadOnly | FileDescriptor.Directory);
    }

    /// <summary>Names of the files that are in place.</summary>
    public IReadOnlyList<string> Placed => _placed;

    /// <summary>Begins a file; the one before must have ended.</summary>
    public void Begin(string name)
    {
        const int flags = FileDescriptor.WriteOnly | FileDescriptor.Create | FileDescriptor.Exclusive
            | FileDescriptor.NoFollow | FileDescriptor.CloseOnExec;
        if (_name is not null || !IsPlain(name))
        {
            throw new IOException(_name is null ? "a file's name is no plain name" : $"{_name} has no end");
        }

        _name = name;
        // A crash in an earlier run of the workspace may have left one.
        _ = NativeMethods.UnlinkAt(_folder, Temporary, 0);
        _file = NativeException.Check(
            NativeMethods.OpenAt(_folder, Temporary, flags, FileMode), "make " + name);
        // Whatever the mask of modes is.
        NativeException.Check(NativeMethods.ChangeMode(_file, FileMode), "set the mode of " + name);
    }

    /// <summary>Writes a piece of the file, by any thread.</summary>
    public void Write(ReadOnlySpan<byte> piece)
    {
        if (_name is null)
        {
            throw new IOException("content comes before a file's name");
        }

        FileDescriptor.WriteAll(_file, piece, "write " + _name);
    }

    /// <summary>Puts the file in its place.</summary>
    public void End()
    {
        var name = _name ?? throw new IOException("an end comes before a file's name");
        // What a delayed write still finds out is told by the close alone.
        var closed = NativeMethods.Close(_file);
        _file = -1;
        NativeException.Check(closed, "close " + name);
        NativeException.Check(NativeMethods.RenameAt(_folder, Temporary, _folder, name), "put in place " + name);
        _name = null;
        _ = _placed.Remove(name);
        _placed.Add(name);
    }

    /// <summary>Drops a file that has not ended.</summary>
    public void Dispose()
    {
        FileDescriptor.Close(_file);
        _file = -1;
        if (_name is not null)
        {
            _ = NativeMethods.UnlinkAt(_folder, Temporary, 0);
        }

        FileDescriptor.Close(_folder);
    }

    private static bool IsPlain(string name) =>
        name is not ("" or "." or "..") && !name.AsSpan().ContainsAny('/', '\0')
        && Encoding.UTF8.GetByteCount(name) <= LongestName;
}
