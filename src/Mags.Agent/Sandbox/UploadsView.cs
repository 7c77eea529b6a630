using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>/uploads of a sandbox: the files that were placed, once more, where they can only be read.</summary>
/// <remarks>
/// Each is a read-only mount of the placed file itself in a folder of memory, so that a file takes neither disk nor memory
/// twice and nothing of the view is on the disk but the empty folder below it. All members belong on the sandbox's thread.
/// </remarks>
internal sealed class UploadsView
{
    private const string Folder = "/uploads";
    private const int FolderFlags = FileDescriptor.Directory | FileDescriptor.NoFollow | FileDescriptor.CloseOnExec;
    private const nuint Restrictions = FileSystem.NoSetUserId | FileSystem.NoDevices;
    private const nuint Final = FileSystem.Remount | FileSystem.Bind | FileSystem.ReadOnly | Restrictions;

    private bool _isMounted;
    private bool _isOurs;

    /// <summary>Makes it.</summary>
    /// <param name="source">Where the files are.</param>
    /// <param name="names">Their names.</param>
    public void Show(string source, IEnumerable<string> names)
    {
        const uint folderMode = 0b111_101_101;
        _isOurs = NativeMethods.MakeDirectory(Folder, folderMode) == 0;
        // A workspace may have left something else there, which a mount would follow.
        FileDescriptor.Close(NativeException.Check(NativeMethods.Open(Folder, FolderFlags, 0), "open " + Folder));
        FileSystem.Mount("uploads", Folder, "tmpfs", Restrictions, "size=1m,mode=755");
        _isMounted = true;
        foreach (var name in names)
        {
            var target = $"{Folder}/{name}";
            FileDescriptor.Close(FileDescriptor.Open(
                target, FileDescriptor.WriteOnly | FileDescriptor.Create | FileDescriptor.Exclusive));
            FileSystem.Mount($"{source}/{name}", target, null, FileSystem.Bind);
            FileSystem.Mount(null, target, null, Final);
        }

        FileSystem.Mount(null, Folder, null, Final);
    }

    /// <summary>Takes it away ahead of the disk's end, so that a workspace does not keep the folder.</summary>
    public void Hide()
    {
        if (_isMounted)
        {
            _isMounted = false;
            FileSystem.Unmount(Folder);
            if (_isOurs)
            {
                _ = NativeMethods.RemoveDirectory(Folder);
            }
        }
    }
}
