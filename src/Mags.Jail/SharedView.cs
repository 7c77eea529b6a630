using Mags.Jail.Native;

namespace Mags.Jail;

/// <summary>
/// Makes the namespaces that confined programs share: a file system that holds only what is named, a network without any
/// interface but its own loopback, and their own IPC and host name. They live as long as somebody has them open: this
/// process until it is told to end, then whoever opened its <c>/proc/PID/ns</c> meanwhile.
/// </summary>
internal static class SharedView
{
    /// <summary>Makes the view, says so, and waits until it may end.</summary>
    internal static unsafe void Hold(ViewArguments view)
    {
        Call.Check("unshare", LibC.Unshare(
            LibC.CLONE_NEWNS | LibC.CLONE_NEWNET | LibC.CLONE_NEWIPC | LibC.CLONE_NEWUTS));
        Build(view);

        var ready = (byte)1;
        Call.Check("write", LibC.Write(view.Ready, &ready, 1));
        while (LibC.Read(view.Hold, &ready, 1) > 0)
        {
            // Only the end of the pipe counts.
        }
    }

    private static void Build(ViewArguments view)
    {
        const ulong NoDevices = LibC.MS_NOSUID | LibC.MS_NODEV;

        // Nothing mounted from here on reaches the host, nor the other way round.
        Mount.Make("", "/", "", LibC.MS_REC | LibC.MS_PRIVATE, "");
        Mount.Make("tmpfs", view.Root, "tmpfs", NoDevices | LibC.MS_NOEXEC, "mode=0755,size=1m");
        foreach (var path in view.Shown)
        {
            Mount.Show(path, view.Root, NoDevices);
        }

        foreach (var path in view.Devices)
        {
            Mount.Show(path, view.Root, LibC.MS_NOSUID | LibC.MS_NOEXEC);
        }

        foreach (var path in view.Folders)
        {
            Directory.CreateDirectory(view.Root + path);
        }

        // Programs reach their own open files through it; of others they see nothing.
        Directory.CreateDirectory(view.Root + "/proc");
        Mount.Make(
            "proc", view.Root + "/proc", "proc", NoDevices | LibC.MS_NOEXEC | LibC.MS_RDONLY, "subset=pid,hidepid=invisible");
        Mount.MoveRoot(view.Root);
        Mount.Make("", "/", "", LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY | NoDevices | LibC.MS_NOEXEC, "");
    }
}
