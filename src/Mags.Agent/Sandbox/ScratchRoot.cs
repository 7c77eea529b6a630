using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>A root of the image with memory or a scratch disk above it, for programs that run ahead of a claim.</summary>
/// <remarks>The sandbox thread alone enters and leaves it; the processes that it starts meanwhile live in it.</remarks>
internal sealed class ScratchRoot
{
    private const string Writable = "/rw";

    private readonly string _path;
    private readonly string[] _folders;
    private readonly int _outside;

    private ScratchRoot(string path, string[] folders, int outside) =>
        (_path, _folders, _outside) = (path, folders, outside);

    public static ScratchRoot Enter(string path, string[] folders, ulong diskBytes)
    {
        if (diskBytes > 0)
        {
            // It is unmounted again: nothing may hold it.
            FileDescriptor.Close(WritableDisk.Mount(diskBytes));
        }
        else
        {
            FileSystem.Mount("scratch", Writable, "tmpfs", 0, "mode=755");
            FileSystem.MakeFolder(WritableDisk.Upper);
            FileSystem.MakeFolder(Writable + "/work");
        }

        foreach (var folder in folders)
        {
            FileSystem.MakeFolder($"{WritableDisk.Upper}/{folder}");
        }

        FileSystem.Mount("overlay", path, "overlay", FileSystem.NoAccessTime, WritableDisk.OverlayOptions);
        foreach (var folder in folders)
        {
            FileSystem.Mount("/" + folder, $"{path}/{folder}", null, FileSystem.Bind | FileSystem.Recursive);
        }

        var outside = FileDescriptor.Open("/", FileDescriptor.ReadOnly | FileDescriptor.Directory);
        NativeException.Check(NativeMethods.ChangeRoot(path), "enter the scratch root");
        NativeException.Check(NativeMethods.ChangeDirectory("/"), "enter the scratch root");
        return new ScratchRoot(path, folders, outside);
    }

    public void Leave()
    {
        NativeException.Check(NativeMethods.ChangeDirectory(_outside), "leave the scratch root");
        NativeException.Check(NativeMethods.ChangeRoot("."), "leave the scratch root");
        FileDescriptor.Close(_outside);
        foreach (var folder in _folders)
        {
            FileSystem.Unmount($"{_path}/{folder}");
        }

        FileSystem.Unmount(_path);
        FileSystem.Unmount(Writable);
    }
}
