using Mags.Jail.Native;

namespace Mags.Jail;

/// <summary>
/// Gives up, step by step, what the started program must not have, and becomes that program. The order matters: each
/// step needs what a later one gives up. Only the calling thread changes (the runtime has others); all of them end with
/// the exec, after which the program is what this thread had become.
/// </summary>
internal static class Confinement
{
    /// <summary>Enters everything and executes the program; returns only by an exception.</summary>
    internal static void Enter(RunArguments run)
    {
        // First, so that whatever follows is already counted and limited.
        foreach (var cgroup in run.Cgroups)
        {
            EnterCgroup(cgroup);
        }

        if (run.Namespaces.Count > 0)
        {
            // A thread that shares its root and working folder with others may not join a mount namespace.
            Call.Check("unshare", LibC.Unshare(LibC.CLONE_FS));
            foreach (var space in run.Namespaces)
            {
                Call.Check("setns", LibC.SetNs(space, 0));
            }
        }

        SetLimits(run);
        if (run.User is { } user)
        {
            BecomeUser(user, run.DeviceGroup);
        }

        Call.Check("prctl PR_SET_NO_NEW_PRIVS", LibC.Prctl(LibC.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        CloseOnExec(run);
        Execute(run.Command);
    }

    // "0" means the writer, all its threads included.
    private static unsafe void EnterCgroup(int procs)
    {
        var zero = (byte)'0';
        Call.Check("entering a cgroup", LibC.Write(procs, &zero, 1));
    }

    private static void SetLimits(RunArguments run)
    {
        const int FileSize = 1, Core = 4, Processes = 6, OpenFiles = 7, LockedMemory = 8, MessageQueues = 12;
        const ulong DefaultOpenFiles = 1024;

        // Not 0: a core pattern that is a pipe ignores the limit unless it is 1, and 1 byte is no core file either.
        SetLimit(Core, 1);
        SetLimit(OpenFiles, run.OpenFiles ?? DefaultOpenFiles);
        SetLimit(LockedMemory, 64 << 10);
        SetLimit(MessageQueues, 0);
        if (run.FileBytes is { } bytes)
        {
            SetLimit(FileSize, bytes);
        }

        if (run.Processes is { } count)
        {
            SetLimit(Processes, count);
        }
    }

    private static unsafe void SetLimit(int resource, ulong value)
    {
        var old = default(LibC.ResourceLimit);
        Call.Check("getrlimit", LibC.GetRlimit(resource, &old));
        value = Math.Min(value, old.Hard);
        var limit = new LibC.ResourceLimit { Soft = value, Hard = value };
        Call.Check("setrlimit", LibC.SetRlimit(resource, &limit));
    }

    // System calls, not libc's functions: those would have every thread follow and wait for it.
    private static unsafe void BecomeUser(uint user, uint? deviceGroup)
    {
        const int LastCapability = 63;
        for (var capability = 0; capability <= LastCapability; capability++)
        {
            // The kernel knows fewer, and refuses the rest.
            if (LibC.Prctl(LibC.PR_CAPBSET_DROP, (nuint)capability, 0, 0, 0) != 0 && capability == 0)
            {
                throw Call.Failed("prctl PR_CAPBSET_DROP");
            }
        }

        var group = deviceGroup ?? 0;
        Call.Check("setgroups", LibC.SystemCall(
            LibC.SYS_setgroups, deviceGroup is null ? 0 : 1, (nint)(&group), 0, 0));
        Call.Check("setresgid", LibC.SystemCall(LibC.SYS_setresgid, (nint)user, (nint)user, (nint)user, 0));
        Call.Check("setresuid", LibC.SystemCall(LibC.SYS_setresuid, (nint)user, (nint)user, (nint)user, 0));

        // Leaving root has cleared the other sets; what an exec could inherit is cleared here.
        var header = new LibC.CapabilityHeader { Version = LibC.CapabilityVersion3 };
        var none = stackalloc LibC.CapabilityData[2];
        none[0] = none[1] = default;
        Call.Check("capset", LibC.SystemCall(LibC.SYS_capset, (nint)(&header), (nint)none, 0, 0));
    }

    private static void CloseOnExec(RunArguments run)
    {
        foreach (var fd in run.Cgroups.Concat(run.Namespaces))
        {
            Call.Check("fcntl", LibC.Fcntl(fd, LibC.F_SETFD, LibC.FD_CLOEXEC));
        }
    }

    private static unsafe void Execute(string[] command)
    {
        const int BrokenPipe = 13;

        // The runtime ignores it, and an ignored signal is inherited. The rest, and the environment, pass through as
        // whoever started the launcher set them.
        _ = LibC.Signal(BrokenPipe, 0);
        using var arguments = new NativeStrings(command);
        _ = LibC.Execute(arguments.Pointer[0], arguments.Pointer);
        throw Call.Failed($"executing {command[0]}");
    }
}
