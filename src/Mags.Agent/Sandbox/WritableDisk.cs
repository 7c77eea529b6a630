using System.Buffers.Binary;
using System.Globalization;
using Mags.Agent.Boot;
using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>The machine's own disk, /dev/vdb: an ext4 that holds whatever differs from the image.</summary>
internal static unsafe class WritableDisk
{
    public const string Upper = Folder + "/upper";
    public const string OverlayOptions =
        "lowerdir=" + SandboxStage.Lower + ",upperdir=" + Upper + ",workdir=" + Folder + "/work";

    private const string Device = "/dev/vdb";
    private const string SectorCount = "/sys/block/vdb/size";
    private const string Folder = "/rw";
    private const ulong SectorSize = 512;
    private const nuint ResizeCommand = 0x40086610;
    private const nuint FreezeCommand = 0xC0045877;
    private const nuint ThawCommand = 0xC0045878;
    private const string Hurry = "/sys/kernel/rcu_expedited";

    /// <summary>Waits until the kernel has taken note of the disk's real size.</summary>
    public static void WaitFor(ulong bytes, TimeSpan limit, TimeProvider time)
    {
        if (bytes > 0 && !DeviceEvents.WaitUntil(() => Size() == bytes, limit, time))
        {
            throw new IOException($"the writable disk has {Size()} bytes, not {bytes}, after {limit.TotalSeconds} s");
        }
    }

    /// <summary>Mounts it, and lets its file system fill it.</summary>
    /// <returns>Its open root, by which it is reached once it is out of sight; it stays mounted while this is open.</returns>
    public static int Mount(ulong diskBytes)
    {
        // Unused inode tables need no zeroing in the background: they are never read. What is deleted is discarded, so that
        // the host neither keeps nor sends it.
        FileSystem.Mount(Device, Folder, "ext4", FileSystem.NoAccessTime, "noinit_itable,discard");
        var root = FileDescriptor.Open(Folder, FileDescriptor.ReadOnly | FileDescriptor.Directory);
        Grow(root, diskBytes);
        MakeFolders();
        return root;
    }

    /// <summary>Mounts memory in its place.</summary>
    public static void MountMemory()
    {
        FileSystem.Mount("scratch", Folder, "tmpfs", 0, "mode=755");
        MakeFolders();
    }

    /// <summary>Makes sure that nothing has it mounted or open for itself.</summary>
    public static void CheckUnused() => FileDescriptor.Close(
        FileDescriptor.Open(Device, FileDescriptor.ReadOnly | FileDescriptor.Exclusive));

    /// <summary>Writes out what is not yet written.</summary>
    public static void WriteOut(int root) =>
        NativeException.Check(NativeMethods.SyncFileSystem(root), "write the disk out");

    /// <summary>Lets nobody write any more: the file system is whole then.</summary>
    public static void Freeze(int root)
    {
        // It waits for a grace period of RCU, which takes 40 ms on an idle guest if nobody is in a hurry.
        _ = FileSystem.TryWrite(Hurry, "1");
        NativeException.Check(NativeMethods.DeviceControl(root, FreezeCommand, null), "freeze the disk");
    }

    /// <summary>Lets everybody write again. Somebody with the right may have done it already, which is no fault.</summary>
    public static void Thaw(int root)
    {
        _ = NativeMethods.DeviceControl(root, ThawCommand, null);
        _ = FileSystem.TryWrite(Hurry, "0");
    }

    private static void MakeFolders()
    {
        FileSystem.MakeFolder(Upper);
        FileSystem.MakeFolder(Folder + "/work");
    }

    private static ulong Size() =>
        ulong.TryParse(
            FileSystem.TryRead(SectorCount)?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var sectors)
            ? sectors * SectorSize
            : 0;

    private static void Grow(int root, ulong diskBytes)
    {
        var (blocks, blockSize) = ReadSuperblock();
        var wanted = diskBytes / blockSize;
        if (wanted <= blocks)
        {
            return;
        }

        NativeException.Check(
            NativeMethods.DeviceControl(root, ResizeCommand, &wanted),
            $"grow the writable disk from {blocks} to {wanted} blocks");
    }

    /// <summary>The file system's size as its superblock has it; the mount has it in memory already.</summary>
    /// <remarks>Offsets: https://docs.kernel.org/filesystems/ext4/super.html.</remarks>
    private static (ulong Blocks, ulong BlockSize) ReadSuperblock()
    {
        const int start = 1024;
        const int length = 1024;
        var bytes = stackalloc byte[length];
        var device = FileDescriptor.Open(Device, FileDescriptor.ReadOnly);
        var count = NativeMethods.ReadAt(device, bytes, length, start);
        FileDescriptor.Close(device);
        if (count != length)
        {
            throw new IOException("the writable disk's superblock cannot be read");
        }

        var view = new ReadOnlySpan<byte>(bytes, length);
        var low = BinaryPrimitives.ReadUInt32LittleEndian(view[0x04..]);
        var high = BinaryPrimitives.ReadUInt32LittleEndian(view[0x150..]);
        var logarithm = BinaryPrimitives.ReadUInt32LittleEndian(view[0x18..]);
        return (((ulong)high << 32) | low, 1024UL << (int)logarithm);
    }
}
