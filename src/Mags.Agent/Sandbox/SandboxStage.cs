using System.Text;
using Mags.Agent.Boot;
using Mags.Agent.Native;
using Mags.Agent.Processes;

namespace Mags.Agent.Sandbox;

/// <summary>The sandbox's world while there is no disk yet: a small root that holds all that the real one will need.</summary>
/// <remarks>
/// Made once, before the template is saved, so that a clone only mounts its disk, moves the ready mounts over and turns
/// its root. Every member runs on the sandbox thread, except <see cref="SetIdentity"/>.
/// </remarks>
internal sealed class SandboxStage
{
    /// <summary>Where the image is mounted, in the initramfs and in the stage.</summary>
    public const string Lower = "/lower";

    /// <summary>Where scripts are stored.</summary>
    public const string ScriptFolder = "/run/mags";

    private const int NewMounts = 0x00020000;
    private const int NewProcessIds = 0x20000000;
    private const int OwnFolders = 0x00000200;
    private const int NewCgroups = 0x02000000;
    private const string Stage = "/sandbox";
    private const string NewRoot = "/new";
    private const string BootIdFile = "/boot-id";
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    private static readonly string[] _moved = ["proc", "sys", "dev", "run"];

    private readonly int _mounts;
    private readonly int _bootIdFile;
    private readonly ImageFacts _image;
    private readonly HostFiles _hostFiles;
    private int _disk = -1;

    private SandboxStage(int initProcessId, int mounts, int bootIdFile, ImageFacts image)
    {
        (InitProcessId, _mounts, _bootIdFile) = (initProcessId, mounts, bootIdFile);
        (_image, _hostFiles) = (image, new HostFiles(image));
    }

    /// <summary>The process that the sandbox sees as number 1.</summary>
    public int InitProcessId { get; }

    /// <summary>Makes it, and makes the calling thread live in it.</summary>
    public static SandboxStage Build()
    {
        NativeException.Check(NativeMethods.Unshare(NewMounts | NewProcessIds | OwnFolders | NewCgroups), "unshare the sandbox");
        FileSystem.Mount(null, "/", null, FileSystem.Recursive | FileSystem.Private);
        FileSystem.Mount("stage", Stage, "tmpfs", FileSystem.NoSetUserId, "mode=755");
        foreach (var folder in (ReadOnlySpan<string>)["lower", "rw", "new", .. _moved])
        {
            FileSystem.MakeFolder($"{Stage}/{folder}");
        }

        FileSystem.Mount(Lower, Stage + Lower, null, FileSystem.Move);
        TurnRoot();
        MountSystemFolders();
        var mounts = FileDescriptor.Open("/proc/thread-self/ns/mnt", FileDescriptor.ReadOnly);
        // Over the real one, which is the same in every clone from its first read on.
        var bootIdFile = FileDescriptor.Open(BootIdFile, FileDescriptor.ReadWrite | FileDescriptor.Create);
        FileDescriptor.WriteAll(bootIdFile, "00000000-0000-4000-8000-000000000000\n"u8, "write the boot id");
        NativeException.Check(NativeMethods.ChangeMode(BootIdFile, 0b100_100_100), "protect the boot id");
        var init = StartInit();
        FileSystem.Mount(BootIdFile, BootId, null, FileSystem.Bind);
        return new SandboxStage(init, mounts, bootIdFile, ImageFacts.Read(Lower));
    }

    /// <summary>Sets what tells this machine from its siblings, by any thread.</summary>
    public void SetIdentity(string hostName, string bootId)
    {
        NativeException.Check(
            NativeMethods.SetHostName(hostName, (nuint)Encoding.UTF8.GetByteCount(hostName)),
            "set the host name");
        const int idLength = 36;
        if (bootId.Length == idLength)
        {
            FileDescriptor.Overwrite(_bootIdFile, Encoding.ASCII.GetBytes(bootId), "set the boot id");
        }
    }

    /// <summary>
    /// From now on the calling thread and the processes that it starts have mounts of their own, a copy of the stage's.
    /// Whatever root is entered, it is gone after <see cref="EndRehearsal"/>, and its disk is unmounted.
    /// </summary>
    public static void BeginRehearsal() => NativeException.Check(NativeMethods.Unshare(NewMounts), "copy the mounts");

    /// <summary>Goes back to the stage; what was run since must have ended.</summary>
    public void EndRehearsal()
    {
        FileDescriptor.Close(_disk);
        _disk = -1;
        NativeException.Check(NativeMethods.SetNamespace(_mounts, NewMounts), "go back to the stage");
        WritableDisk.CheckUnused();
    }

    /// <summary>Mounts the writable disk with the image below it, and makes that the sandbox's root.</summary>
    public void Enter(HostNames names, ulong diskBytes, ClaimSteps steps)
    {
        _disk = WritableDisk.Mount(diskBytes);
        steps.Done("disk");
        EnterRoot(names, steps);
    }

    /// <summary>Enters a root that has memory in the writable disk's place, to rehearse in.</summary>
    public void EnterMemory(HostNames names, ClaimSteps steps)
    {
        WritableDisk.MountMemory();
        EnterRoot(names, steps);
    }

    private void EnterRoot(HostNames names, ClaimSteps steps)
    {
        _image.AddMissing(WritableDisk.Upper, _moved);
        _hostFiles.Write(WritableDisk.Upper, names);
        steps.Done("files");
        FileSystem.Mount("overlay", NewRoot, "overlay", FileSystem.NoAccessTime, WritableDisk.OverlayOptions);
        steps.Done("overlay");
        foreach (var folder in _moved)
        {
            FileSystem.Mount("/" + folder, $"{NewRoot}/{folder}", null, FileSystem.Move);
        }

        // Both names are the new root: the old one ends up on top of it and is taken off; see pivot_root(2).
        NativeException.Check(NativeMethods.ChangeDirectory(NewRoot), "enter the new root");
        NativeException.Check(NativeMethods.PivotRoot(".", "."), "turn the root");
        FileSystem.Unmount(".");
        NativeException.Check(NativeMethods.ChangeDirectory("/"), "enter the root");
        steps.Done("enter");
    }

    /// <summary>Gives a root that was entered before its sandbox was known that sandbox's name and name servers.</summary>
    public void Rename(HostNames names) => _hostFiles.Change(names);

    /// <summary>Makes the writable disk whole, by any thread; the sandbox can write nothing more.</summary>
    public void SealDisk()
    {
        // Most of it is written before, while the sandbox can still go on.
        WritableDisk.WriteOut(_disk);
        WritableDisk.Freeze(_disk);
    }

    /// <summary>A freeze of the writable disk that has not begun, for any thread.</summary>
    public DiskFreeze MakeFreeze(TimeProvider time) => new(_disk, time);

    private static void TurnRoot()
    {
        foreach (var folder in (ReadOnlySpan<string>)["/proc", "/sys", "/dev"])
        {
            FileSystem.Unmount(folder);
        }

        NativeException.Check(NativeMethods.ChangeDirectory(Stage), "enter the stage");
        FileSystem.Mount(".", "/", null, FileSystem.Move);
        NativeException.Check(NativeMethods.ChangeRoot("."), "make the stage the root");
        NativeException.Check(NativeMethods.ChangeDirectory("/"), "enter the root");
    }

    private static void MountSystemFolders()
    {
        // The agent's view for now; the sandbox's first process puts its own in place.
        FileSystem.Mount("proc", "/proc", "proc", FileSystem.Safe);
        FileSystem.Mount("sysfs", "/sys", "sysfs", FileSystem.Safe);
        FileSystem.Mount("devtmpfs", "/dev", "devtmpfs", FileSystem.NoSetUserId);
        FileSystem.MakeFolder("/dev/pts");
        FileSystem.MakeFolder("/dev/shm");
        FileSystem.Mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620,gid=5");
        FileSystem.Mount("tmpfs", "/dev/shm", "tmpfs", FileSystem.NoSetUserId | FileSystem.NoDevices, "mode=1777");
        FileSystem.Mount("tmpfs", "/run", "tmpfs", FileSystem.NoSetUserId | FileSystem.NoDevices, "mode=755");
        FileSystem.MakeFolder("/run/lock");
        FileSystem.MakeFolder(ScriptFolder, 0b111_001_001);
        _ = NativeMethods.MakeSymlink("/proc/self/fd", "/dev/fd");
        _ = NativeMethods.MakeSymlink("/proc/self/fd/0", "/dev/stdin");
        _ = NativeMethods.MakeSymlink("/proc/self/fd/1", "/dev/stdout");
        _ = NativeMethods.MakeSymlink("/proc/self/fd/2", "/dev/stderr");
    }

    private static int StartInit()
    {
        var nothing = FileDescriptor.Open("/dev/null", FileDescriptor.ReadWrite);
        var (ready, childReady) = FileDescriptor.MakePipe();
        var pipes = new ProcessPipes(-1, -1, -1, nothing, childReady, nothing);
        // The stage does not hold the agent's file; the link still leads to it.
        var error = Spawner.Start(
            "/proc/self/exe", ["init", SandboxInit.Command], [], "/", pipes, out var pid);
        FileDescriptor.Close(nothing);
        FileDescriptor.Close(childReady);
        Span<byte> word = stackalloc byte[1];
        var isReady = error == 0 && FileDescriptor.Read(ready, word) == 1;
        FileDescriptor.Close(ready);
        return isReady ? pid : throw new NativeException("start the sandbox's first process", error);
    }
}
