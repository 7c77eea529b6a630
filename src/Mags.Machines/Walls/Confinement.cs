using System.Globalization;
using Mags.Machines.Cgroups;
using Mags.Machines.Native;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Walls;

/// <summary>
/// What a machine's process is started behind: the launcher enters and gives up what is said here, then becomes the program.
/// </summary>
internal sealed record Confinement
{
    /// <summary>Path of the launcher.</summary>
    internal required string Launcher { get; init; }

    /// <summary>User and group to become; null to stay this process's own, which only root can help.</summary>
    internal uint? User { get; init; }

    /// <summary>Group that may open the accelerator's device; null when none is needed.</summary>
    internal uint? DeviceGroup { get; init; }

    /// <summary>Open namespaces to join, in this order.</summary>
    internal IReadOnlyList<SafeFileHandle> Namespaces { get; init; } = [];

    /// <summary>Cgroup to enter; null for none.</summary>
    internal MachineCgroup? Cgroup { get; init; }

    /// <summary>Largest file that it may write, in bytes; null for no limit of its own.</summary>
    internal long? FileBytes { get; init; }

    /// <summary>Files that it may have open at once; null for as many as a hypervisor needs.</summary>
    internal int? OpenFiles { get; init; }

    /// <summary>Most processes and threads of its user. Without a user of its own there is no such limit.</summary>
    internal required int Processes { get; init; }

    /// <summary>The arguments with which the launcher runs a program.</summary>
    /// <param name="program">Absolute path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="files">Its files, to which those of the launcher are added; the program does not get these.</param>
    internal IReadOnlyList<string> Wrap(string program, IReadOnlyList<string> arguments, FdMap files)
    {
        List<string> line = ["run"];
        foreach (var procs in Cgroup?.Entries ?? [])
        {
            Add("--cgroup", files.Add(procs));
        }

        foreach (var space in Namespaces)
        {
            Add("--join", files.Add(space));
        }

        if (FileBytes is { } bytes)
        {
            Add("--file-bytes", bytes);
        }

        if (OpenFiles is { } open)
        {
            Add("--open-files", open);
        }

        if (User is { } user)
        {
            Add("--processes", Processes);
            Add("--user", user);
        }

        if (DeviceGroup is { } group)
        {
            Add("--group", group);
        }

        line.AddRange(["--", program, .. arguments]);
        return line;

        void Add(string option, long value) =>
            line.AddRange([option, value.ToString(CultureInfo.InvariantCulture)]);
    }
}
