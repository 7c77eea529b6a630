namespace Mags.Jail;

/// <summary>What <c>mags-jail run</c> is told.</summary>
internal sealed record RunArguments
{
    /// <summary>Open <c>cgroup.procs</c> files of the cgroups to enter.</summary>
    internal List<int> Cgroups { get; } = [];

    /// <summary>Open namespaces to join.</summary>
    internal List<int> Namespaces { get; } = [];

    /// <summary>User and group to become; null stays who it is.</summary>
    internal uint? User { get; private set; }

    /// <summary>The one supplementary group; null for none.</summary>
    internal uint? DeviceGroup { get; private set; }

    /// <summary>Largest file that may be written, in bytes; null for no limit.</summary>
    internal ulong? FileBytes { get; private set; }

    /// <summary>Files that may be open at once; null for what a hypervisor needs.</summary>
    internal ulong? OpenFiles { get; private set; }

    /// <summary>Most processes and threads of the user; null for no limit.</summary>
    internal ulong? Processes { get; private set; }

    /// <summary>Absolute path of the program and its arguments.</summary>
    internal string[] Command { get; private set; } = [];

    /// <summary>Parses <c>[--cgroup FD]… [--join FD]… [--user ID] [--group ID] [--file-bytes N] [--open-files N] [--processes N] -- PROGRAM …</c>.</summary>
    internal static RunArguments Parse(string[] arguments)
    {
        var reader = new ArgumentReader(arguments);
        var parsed = new RunArguments();
        while (reader.NextOption() is { } option)
        {
            parsed.Set(option, reader.Number());
        }

        parsed.Command = reader.Rest();
        return parsed.Command.Length > 0 ? parsed : throw new JailException("no program is named");
    }

    private void Set(string option, long value)
    {
        switch (option)
        {
            case "--cgroup":
                Cgroups.Add(Handle());
                break;
            case "--join":
                Namespaces.Add(Handle());
                break;
            case "--user":
                User = Id();
                break;
            case "--group":
                DeviceGroup = Id();
                break;
            case "--file-bytes":
                FileBytes = (ulong)value;
                break;
            case "--open-files":
                OpenFiles = (ulong)value;
                break;
            case "--processes":
                Processes = (ulong)value;
                break;
            default:
                throw new JailException($"{option} is no option of run");
        }

        int Handle() => (int)AtMost(int.MaxValue);

        // The kernel takes the largest number for "as it is", and root is what is to be left behind.
        uint Id() => value == 0 ? throw new JailException($"{option} 0 is root") : (uint)AtMost(uint.MaxValue - 1L);

        long AtMost(long largest) =>
            value <= largest ? value : throw new JailException($"{option} {value} is larger than {largest}");
    }
}
