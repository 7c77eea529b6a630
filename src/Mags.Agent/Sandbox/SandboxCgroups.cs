using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>The guest's own cgroups: they keep from the sandbox what the agent needs to answer, whatever runs in there.</summary>
/// <remarks>
/// The sandbox has a group with two groups in it: the first process of a claimed machine, its script, with its children
/// lives in one, and whatever is started later in the other, so that a script that forks without end leaves room for
/// it. The sandbox's cgroup namespace ends at its group: what root mounts there shows neither the agent's group nor the
/// limits, and moves nothing out of it. Made once, before the template is saved; the files stay open.
/// </remarks>
internal sealed unsafe class SandboxCgroups
{
    private const string Root = "/cgroup";
    private const string Agent = Root + "/agent";
    private const string Sandbox = Root + "/sandbox";
    private const string Script = Sandbox + "/script";
    private const string Later = Sandbox + "/later";
    private const string Members = "/cgroup.procs";
    private const string MostProcesses = "/pids.max";

    // The agent's answer to a full guest must not wait for all that fills it.
    private const string AgentWeight = "10000";

    private const int MostSweeps = 50;
    private const int ListSize = 16 * 1024;

    private readonly int _script = Open(Script + Members);
    private readonly int _later = Open(Later + Members);
    private readonly int _agent = Open(Agent + Members);
    private readonly int _memoryEvents = FileDescriptor.Open(Sandbox + "/memory.events", FileDescriptor.ReadOnly);
    private readonly int _agentProcesses = Open(Agent + MostProcesses);
    private readonly string _self = NativeMethods.GetProcessId().ToString(CultureInfo.InvariantCulture);
    private bool _scriptIsNext;

    private SandboxCgroups()
    {
    }

    /// <summary>Mounts the groups and has the agent enter the sandbox's, so that a namespace made now ends there.</summary>
    public static SandboxCgroups Make()
    {
        FileSystem.MakeFolder(Root);
        // Without the second option each process that is moved waits for a grace period of the kernel's.
        FileSystem.Mount("cgroup", Root, "cgroup2", FileSystem.Safe, "nsdelegate,favordynmods");
        Set(Root + "/cgroup.subtree_control", "+cpu +memory +pids");
        foreach (var group in (ReadOnlySpan<string>)[Agent, Sandbox, Script, Later])
        {
            FileSystem.MakeFolder(group);
        }

        var groups = new SandboxCgroups();
        Set(Sandbox + Members, groups._self);
        return groups;
    }

    /// <summary>Has the agent leave the sandbox's group, and sets the limits.</summary>
    /// <param name="initProcessId">The sandbox's own first process.</param>
    public void Close(int initProcessId)
    {
        Move(_agent, _self);
        Move(_later, initProcessId.ToString(CultureInfo.InvariantCulture));
        Set(Sandbox + "/cgroup.subtree_control", "+pids");
        var limits = SandboxLimits.Of(FileSystem.TryRead("/proc/meminfo") ?? "");
        Set(Sandbox + "/memory.max", Text(limits.MemoryBytes));
        Set(Sandbox + MostProcesses, Text(limits.Processes));
        Set(Script + MostProcesses, Text(limits.ScriptProcesses));
        Set(Agent + "/cpu.weight", AgentWeight);
        Allow("/proc/sys/kernel/threads-max", limits.Processes);
        Allow("/proc/sys/kernel/pid_max", limits.Processes);
    }

    /// <summary>How many processes of the sandbox the kernel has ended because its memory was used up.</summary>
    public long MemoryKills
    {
        get
        {
            const string kills = "oom_kill ";
            var line = ReadStart(_memoryEvents).Split('\n').FirstOrDefault(line => line.StartsWith(kills, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[kills.Length..], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Says that the machine is claimed: the next process is its script.</summary>
    public void ExpectScript() => _scriptIsNext = true;

    /// <summary>Puts a process that the agent has just started into its group.</summary>
    /// <returns>Whether it is there, or has ended already.</returns>
    public bool Admit(int processId)
    {
        var group = _scriptIsNext ? _script : _later;
        _scriptIsNext = false;
        return TryMove(group, Text(processId));
    }

    /// <summary>Fetches what a process had started before it was put into its group, if that was quick.</summary>
    /// <remarks>Not while a process is being started: until it is put into its group it looks the same.</remarks>
    public void Sweep()
    {
        var strays = Strays();
        if (strays.Length == 0)
        {
            return;
        }

        // None can start another meanwhile; the agent can do without new threads for that long.
        Write(_agentProcesses, "0");
        for (var sweep = 0; sweep < MostSweeps && strays.Length > 0; sweep++)
        {
            foreach (var stray in strays)
            {
                _ = TryMove(_later, stray);
            }

            strays = Strays();
        }

        Write(_agentProcesses, "max");
    }

    private string[] Strays() =>
        [.. ReadStart(_agent).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(member => member != _self)];

    /// <summary>The beginning of a file, read anew; empty when it cannot be read.</summary>
    private static string ReadStart(int file)
    {
        Span<byte> bytes = stackalloc byte[ListSize];
        fixed (byte* start = bytes)
        {
            var length = (int)NativeMethods.ReadAt(file, start, ListSize, 0);
            return Encoding.ASCII.GetString(bytes[..Math.Max(0, length)]);
        }
    }

    private static void Move(int group, string processId)
    {
        if (!TryMove(group, processId))
        {
            throw new NativeException("enter a cgroup", Marshal.GetLastPInvokeError());
        }
    }

    private static bool TryMove(int group, string processId) => Write(group, processId) is >= 0 or -Errno.NoProcess;

    private static int Write(int file, string text) => FileDescriptor.Write(file, Encoding.ASCII.GetBytes(text));

    private static int Open(string path) => FileDescriptor.Open(path, FileDescriptor.ReadWrite);

    private static void Set(string path, string text)
    {
        if (!FileSystem.TryWrite(path, text))
        {
            throw new NativeException($"write {text} to {path}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Raises one of the kernel's own limits above the sandbox's, with room for the kernel and the agent.</summary>
    private static void Allow(string path, long processes)
    {
        const long room = 2048;
        if (long.TryParse(FileSystem.TryRead(path)?.Trim(), CultureInfo.InvariantCulture, out var present)
            && present < processes + room)
        {
            Set(path, Text(processes + room));
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
