using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>
/// A child started by <c>posix_spawn</c> in its own session, with <c>/dev/null</c> as standard input, exactly the files
/// of an <see cref="FdMap"/> and an environment of its own: no open file and no variable of this process leaks into it.
/// There is no parent-death signal on purpose: that fires when the spawning *thread* ends.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const int SIGKILL = 9;
    private const nint SysPidfdSendSignal = 424;
    private const nint SysPidfdOpen = 434;

    private readonly SafeFileHandle _pidfd;

    private ChildProcess(int pid)
    {
        Pid = pid;
        _pidfd = OpenPidfd(pid);
        Exited = ProcessExit.OfAsync(_pidfd);
    }

    internal int Pid { get; }

    /// <summary>Completes when the child has ended and was reaped; never faults.</summary>
    internal Task<ProcessExit> Exited { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="arguments">Its arguments, without the program's name.</param>
    /// <param name="files">Files it inherits.</param>
    /// <param name="output">Where its standard output goes; null for nowhere.</param>
    /// <param name="error">Where its standard error goes; null for nowhere.</param>
    internal static ChildProcess Start(
        string path, IReadOnlyList<string> arguments, FdMap files, SafeHandle? output, SafeHandle? error)
    {
        // Sources are lifted above every target first, so that no dup2 overwrites a source still needed.
        var lifted = new List<SafeFileHandle>();
        try
        {
            var floor = FdMap.First + files.Handles.Count;
            var targets = new List<(int From, int To)>();
            for (var i = 0; i < files.Handles.Count; i++)
            {
                targets.Add((Lift(files.Handles[i], floor, lifted), FdMap.First + i));
            }

            AddStandard(output, 1);
            AddStandard(error, 2);
            return new ChildProcess(Spawn(path, arguments, targets, files.Handles.Count));

            void AddStandard(SafeHandle? handle, int target)
            {
                if (handle is not null)
                {
                    targets.Add((Lift(handle, floor, lifted), target));
                }
            }
        }
        finally
        {
            lifted.ForEach(handle => handle.Dispose());
        }
    }

    /// <summary>Takes hold of a process that is not a child; how it ends is unknown then.</summary>
    internal static ChildProcess Attach(int pid) => new(pid);

    /// <summary>Kills the child; nothing happens when it has ended. The pidfd cannot hit another process.</summary>
    internal void Kill()
    {
        try
        {
            _ = LibC.PidfdSendSignal(SysPidfdSendSignal, _pidfd, SIGKILL, 0, 0);
        }
        catch (ObjectDisposedException)
        {
            // Disposed means that it has ended and was reaped.
        }
    }

    public void Dispose() => _pidfd.Dispose();

    private static int Lift(SafeHandle handle, int floor, List<SafeFileHandle> lifted)
    {
        var fd = LibC.Fcntl(handle, LibC.F_DUPFD_CLOEXEC, floor);
        if (fd < 0)
        {
            throw NativeError.Last("fcntl");
        }

        lifted.Add(new SafeFileHandle(fd, ownsHandle: true));
        return fd;
    }

    private static SafeFileHandle OpenPidfd(int pid)
    {
        // Nobody else reaps our children, so the number still means this child.
        var fd = LibC.PidfdOpen(SysPidfdOpen, pid, 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw NativeError.Last("pidfd_open");
    }

    // Sound: both opaque structs get more room than glibc's 80 and 336 bytes, are initialised before and destroyed after
    // use; the argument arrays are null-terminated and live until posix_spawn has returned, which is after the exec.
    private static unsafe int Spawn(
        string path, IReadOnlyList<string> arguments, List<(int From, int To)> targets, int inherited)
    {
        const int Room = 1024;
        const short SetSignalDefault = 0x04, SetSignalMask = 0x08, SetSession = 0x80;
        var actions = stackalloc byte[Room];
        var attributes = stackalloc byte[Room];
        var signals = stackalloc byte[128];
        _ = LibC.FileActionsInit(actions);
        _ = LibC.SpawnAttributesInit(attributes);
        try
        {
            new Span<byte>(signals, 128).Clear();
            _ = LibC.SpawnAttributesSetSignalMask(attributes, signals);
            // .NET ignores SIGPIPE, and an ignored signal is inherited over exec.
            new Span<byte>(signals, 128).Fill(0xff);
            _ = LibC.SpawnAttributesSetSignalDefault(attributes, signals);
            _ = LibC.SpawnAttributesSetFlags(attributes, SetSignalDefault | SetSignalMask | SetSession);

            for (var standard = 0; standard <= 2; standard++)
            {
                const int ReadWrite = 2;
                _ = LibC.FileActionsAddOpen(actions, standard, "/dev/null", ReadWrite, 0);
            }

            foreach (var (from, to) in targets)
            {
                _ = LibC.FileActionsAddDup2(actions, from, to);
            }

            // What this process was itself started with may lack close-on-exec.
            _ = LibC.FileActionsAddCloseFrom(actions, FdMap.First + inherited);

            int pid;
            using var argv = new NativeStrings([path, .. arguments]);
            using var envp = new NativeStrings(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/"]);
            var error = LibC.PosixSpawn(&pid, path, actions, attributes, argv.Pointer, envp.Pointer);
            return error == 0 ? pid : throw NativeError.Of($"posix_spawn {path}", error);
        }
        finally
        {
            _ = LibC.SpawnAttributesDestroy(attributes);
            _ = LibC.FileActionsDestroy(actions);
        }
    }
}
