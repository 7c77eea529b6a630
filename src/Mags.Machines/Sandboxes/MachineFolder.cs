using System.Text;
using Mags.Machines.Agent;
using Mags.Machines.Native;

namespace Mags.Machines.Sandboxes;

/// <summary>A machine's own folder: sockets, disk and QEMU's messages. Nobody else may enter it.</summary>
internal sealed class MachineFolder : IDisposable
{
    private const string ErrorFile = "qemu.log";
    private const int LastBytes = 4096;

    internal MachineFolder(HomeFolders folders)
    {
        Id = Guid.CreateVersion7().ToString("N");
        Marker = folders.Marker(Id);
        FullPath = Path.Combine(folders.Machines, Id);
        _ = Directory.CreateDirectory(folders.Machines, HomeFolders.OwnerOnly);
        _ = Directory.CreateDirectory(FullPath, HomeFolders.OwnerOnly);
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

    /// <summary>Path of a file in the folder.</summary>
    internal string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>
    /// What QEMU said last on standard error, in one short line; empty when nothing. Its guest may have taken it over.
    /// </summary>
    internal string LastError()
    {
        try
        {
            using var log = File.OpenHandle(ErrorPath, share: FileShare.ReadWrite);
            var bytes = new byte[LastBytes];
            var read = RandomAccess.Read(log, bytes, Math.Max(0, RandomAccess.GetLength(log) - LastBytes));
            var lines = Encoding.UTF8.GetString(bytes, 0, read).Split('\n', StringSplitOptions.TrimEntries);
            return GuestWord.Text(lines.LastOrDefault(line => line.Length > 0) ?? "");
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
