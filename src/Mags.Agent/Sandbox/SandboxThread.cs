using System.Runtime.ExceptionServices;
using Mags.Agent.Io;
using Mags.Agent.Processes;

namespace Mags.Agent.Sandbox;

/// <summary>The thread that lives in the sandbox: its namespaces and its root are those of all sandbox processes.</summary>
/// <remarks>
/// The rest of the agent keeps the initramfs as its world. Once this thread's children belong to a pid namespace of their
/// own the kernel lets it start no thread (EINVAL), so its work is done right here and handed over by a plain lock.
/// </remarks>
internal sealed class SandboxThread : ISandbox
{
    private readonly object _gate = new();
    private readonly Lock _turn = new();
    private Action? _work;
    private Exception? _fault;

    // Off the way of a process to its first output.
    private static readonly TimeSpan _sweepDelay = TimeSpan.FromMilliseconds(50);

    private readonly IoLoop _loop;

    public SandboxThread(string scriptFolder, IoLoop loop)
    {
        (ScriptFolder, _loop) = (scriptFolder, loop);
        new Thread(Run) { IsBackground = true, Name = "sandbox" }.Start();
    }

    public string ScriptFolder { get; }

    /// <summary>The process that the sandbox sees as number 1, once it runs.</summary>
    public SandboxWatch? Watch { get; set; }

    public bool IsEnding => Watch is { IsInitExiting: true };

    /// <summary>The limits of its processes, once they are set up.</summary>
    public SandboxCgroups? Groups { get; set; }

    public long MemoryKills => Groups?.MemoryKills ?? 0;

    public bool Admit(int processId)
    {
        if (Groups is not { } groups)
        {
            return true;
        }

        _loop.Schedule(_sweepDelay, () => Invoke(groups.Sweep));
        return groups.Admit(processId);
    }

    public void Invoke(Action work)
    {
        lock (_turn)
        {
            Exception? fault;
            lock (_gate)
            {
                _work = work;
                Monitor.PulseAll(_gate);
                while (_work is not null)
                {
                    Monitor.Wait(_gate);
                }

                (fault, _fault) = (_fault, null);
            }

            if (fault is not null)
            {
                ExceptionDispatchInfo.Throw(fault);
            }
        }
    }

    private void Run()
    {
        lock (_gate)
        {
            while (true)
            {
                while (_work is null)
                {
                    Monitor.Wait(_gate);
                }

                try
                {
                    _work();
                }
#pragma warning disable CA1031 // The edge of the thread: the fault belongs to the one who asked.
                catch (Exception fault)
#pragma warning restore CA1031
                {
                    _fault = fault;
                }

                _work = null;
                Monitor.PulseAll(_gate);
            }
        }
    }
}
