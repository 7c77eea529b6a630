using Mags.Machines.Native;

namespace Mags.Machines.Sandboxes;

/// <summary>A machine's own folder: sockets, disk and QEMU's messages. Nobody else may enter it.</summary>
internal sealed class MachineFolder : IDisposable
{
    private const string ErrorFile = "qemu.log";

    internal MachineFolder(HomeFolders folders)
    {
        Id = Guid.CreateVersion7().ToString("N");
        Marker = folders.Marker(Id);
        FullPath = Path.Combine(folders.Machines, Id);
        _ = Directory.CreateDirectory(folders.Machines, Owner);
        _ = Directory.CreateDirectory(FullPath, Owner);
        Sockets = new FolderHandle(FullPath);
        // The lock tells a reclaimer in another process that this machine has a living owner.
        _ = Sockets.TryLock();
    }

    /// <summary>The machine's id.</summary>
    internal string Id { get; }

    internal string Marker { get; }

    internal string FullPath { get; }

    internal FolderHandle Sockets { get; }

    /// <summary>Where QEMU's standard error goes.</summary>
    internal string ErrorPath => Path.Combine(FullPath, ErrorFile);

    private static UnixFileMode Owner => UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Path of a file in the folder.</summary>
    internal string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>What QEMU said last on standard error, in one line; empty when nothing.</summary>
    internal string LastError()
    {
        try
        {
            return File.ReadLines(ErrorPath).LastOrDefault(line => line.Length > 0)?.Trim() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Removes the folder with all that is in it.</summary>
    public void Dispose()
    {
        Sockets.Dispose();
        Directory.Delete(FullPath, recursive: true);
    }
}
