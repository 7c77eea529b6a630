namespace Mags.Agent.Processes;

/// <summary>The world that processes are started in.</summary>
internal interface ISandbox
{
    /// <summary>Folder for scripts, as the sandbox's processes see it.</summary>
    string ScriptFolder { get; }

    /// <summary>
    /// Whether the kernel is ending all its processes, as a reboot call has it do: their ends are no ends of their own.
    /// </summary>
    bool IsEnding { get; }

    /// <summary>How many of its processes the kernel has ended because the sandbox's memory was used up.</summary>
    long MemoryKills { get; }

    /// <summary>Puts a process under the sandbox's limits. In the work that started it.</summary>
    /// <returns>Whether that was done.</returns>
    bool Admit(int processId);

    /// <summary>Runs something in the sandbox's view of the file system; one at a time. What it throws is thrown here.</summary>
    /// <remarks>The work must not wait for other threads, and must not start any.</remarks>
    void Invoke(Action work);
}
