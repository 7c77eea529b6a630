using Mags.Agent.Io;
using Mags.Agent.Native;
using Mags.Protocol;

namespace Mags.Agent.Processes;

/// <summary>Starts the host's processes in the sandbox.</summary>
internal sealed class ProcessLauncher(ISandbox sandbox, IoLoop loop, TimeProvider time)
{
    private const int MaximumBlocks = 192;
    private const int LongestId = 64;
    private const string Shell = "/bin/sh";

    private readonly OutputBudget _budget = new(MaximumBlocks);
    private readonly int _nullDevice = FileDescriptor.Open("/dev/null", FileDescriptor.ReadOnly);

    /// <summary>Whether an id can be part of a file name.</summary>
    public static bool IsValidId(string id) =>
        id.Length is > 0 and <= LongestId && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>Starts a process.</summary>
    /// <returns>The process, or null and a sentence that says why there is none.</returns>
    public (GuestProcess? Process, string Failure) Start(StartProcess request)
    {
        try
        {
            return StartOrThrow(request);
        }
        catch (NativeException fault)
        {
            return (null, fault.Message);
        }
    }

    /// <summary>Removes what a process that has ended leaves behind: its script.</summary>
    public void CleanUp(GuestProcess process)
    {
        if (process.HasScript)
        {
            sandbox.Invoke(() => _ = NativeMethods.Unlink(ScriptPath(process.Id)));
        }
    }

    private string ScriptPath(string processId) => $"{sandbox.ScriptFolder}/script-{processId}";

    private (GuestProcess? Process, string Failure) StartOrThrow(StartProcess request)
    {
        var pipes = ProcessPipes.Make(_nullDevice, request.StdinOpen);
        var (failure, pid, startedAt) = ("", 0, time.GetTimestamp());
        try
        {
            sandbox.Invoke(() => failure = Spawn(request, pipes, out pid));
            if (failure.Length == 0)
            {
                return (Watch(request, pid, pipes, startedAt), "");
            }
        }
        finally
        {
            pipes.CloseChildEnds();
            if (pid == 0)
            {
                pipes.CloseOurEnds();
            }
        }

        return (null, failure);
    }

    private GuestProcess Watch(StartProcess request, int pid, ProcessPipes pipes, long startedAt)
    {
        try
        {
            var process = new GuestProcess(request.ProcessId, pid, pipes, startedAt, sandbox, loop, time, _budget)
            {
                HasScript = !request.Script.IsEmpty,
            };
            process.Watch(TimeSpan.FromMilliseconds(request.TimeoutMs));
            return process;
        }
        catch (NativeException)
        {
            // Out of descriptors, say: a process that nobody watches must not run.
            ChildProcess.KillAndBury(pid);
            pipes.CloseOurEnds();
            throw;
        }
    }

    private string Spawn(StartProcess request, ProcessPipes pipes, out int pid)
    {
        pid = 0;
        var script = request.Script.IsEmpty ? null : StoreScript(request);
        string[] arguments = script is null ? [.. request.Argv] : [.. request.Argv, script];
        if (arguments.Length == 0)
        {
            return "there is nothing to run: neither arguments nor a script";
        }

        var environment = BaseEnvironment.With(request.Environment, out var path);
        var directory = request.WorkingDirectory.Length > 0 ? request.WorkingDirectory : BaseEnvironment.Home;
        var program = Find(arguments[0], path);
        if (program is null)
        {
            return $"{arguments[0]}: not found in the image";
        }

        var error = Spawner.Start(program, arguments, environment, directory, pipes, out pid);
        if (error == Errno.NotExecutable)
        {
            // A file without a magic number or a #! line is for the shell, as every shell has it.
            error = Spawner.Start(Shell, [Shell, program, .. arguments[1..]], environment, directory, pipes, out pid);
        }

        return error != 0 ? Explain(error, program, directory) : sandbox.Admit(pid) ? "" : Refuse(ref pid);
    }

    /// <summary>Ends a process that could not be put under the sandbox's limits.</summary>
    private static string Refuse(ref int pid)
    {
        ChildProcess.KillAndBury(pid);
        pid = 0;
        return "the process could not be put under the sandbox's limits";
    }

    /// <summary>The program's path; null when PATH does not have it.</summary>
    private static string? Find(string name, string path)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return name;
        }

        const int executable = 1;
        foreach (var folder in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var candidate = folder + "/" + name;
            if (NativeMethods.Access(candidate, executable) == 0)
            {
                return candidate;
            }
        }

        return null;
    }

    private static string Explain(int error, string program, string directory)
    {
        var exists = NativeMethods.Access(program, 0) == 0;
        return error switch
        {
            _ when NativeMethods.Access(directory + "/", 0) != 0 => $"working directory {directory} does not exist",
            Errno.NotFound when exists => $"{program}: its interpreter is not in the image",
            Errno.NotFound or Errno.NotDirectory => $"{program}: not found in the image",
            Errno.TooBig => $"{program}: the arguments and the environment are too long",
            _ => $"{program}: {Errno.Describe(error)}",
        };
    }

    private string StoreScript(StartProcess request)
    {
        const uint folderMode = 0b111_001_001;
        const uint fileMode = 0b111_000_000;
        const int flags = FileDescriptor.WriteOnly | FileDescriptor.Create | FileDescriptor.Exclusive
            | FileDescriptor.NoFollow | FileDescriptor.CloseOnExec;
        var path = ScriptPath(request.ProcessId);
        var file = NativeMethods.Open(path, flags, fileMode);
        if (file < 0)
        {
            // Whoever is root in the sandbox may have removed the folder.
            _ = NativeMethods.MakeDirectory(sandbox.ScriptFolder, folderMode);
            file = NativeException.Check(NativeMethods.Open(path, flags, fileMode), "store the script at " + path);
        }

        try
        {
            FileDescriptor.WriteAll(file, request.Script.Span, "store the script at " + path);
        }
        finally
        {
            FileDescriptor.Close(file);
        }

        return path;
    }
}
