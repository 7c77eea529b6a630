using System.Globalization;
using System.Text.RegularExpressions;

namespace Mags.Machines.Tests.Walls;

/// <summary>What the kernel says of a running process.</summary>
internal sealed partial class RunningProcess(int pid)
{
    /// <summary>All processes of the host.</summary>
    public static IEnumerable<RunningProcess> All() => Directory.EnumerateDirectories("/proc")
        .Select(folder => Path.GetFileName(folder))
        .Where(name => name.All(char.IsAsciiDigit))
        .Select(name => new RunningProcess(int.Parse(name, CultureInfo.InvariantCulture)));

    /// <summary>Whether what an open file points to is a namespace.</summary>
    public static bool IsNamespace(string target) => NamespaceName().IsMatch(target);

    /// <summary>A line of its status, such as <c>NoNewPrivs</c>.</summary>
    public string Status(string name) => Lines("status")
        .First(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    /// <summary>Soft and hard limit, as the kernel prints them.</summary>
    public (string Soft, string Hard) Limit(string name)
    {
        var line = Lines("limits").First(line => line.StartsWith(name, StringComparison.Ordinal));
        var values = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (values[0], values[1]);
    }

    /// <summary>Where things are mounted in its view, with the mount's options.</summary>
    public IEnumerable<(string Path, string[] Options)> Mounts() => Lines("mountinfo")
        .Select(line => line.Split(' '))
        .Select(parts => (parts[4], parts[5].Split(',')));

    /// <summary>The cgroups it is in: controller and path.</summary>
    public IEnumerable<(string Controllers, string Path)> Cgroups() => Lines("cgroup")
        .Select(line => line.Split(':', 3))
        .Select(parts => (parts[1], parts[2]));

    /// <summary>What it would find at a path of its own view.</summary>
    public string InView(string path) => Path.Combine(Folder, "root") + path;

    /// <summary>Identity of one of its namespaces; null when it has ended.</summary>
    public string? Namespace(string kind)
    {
        try
        {
            return new FileInfo(Path.Combine(Folder, "ns", kind)).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Lines of one of its files.</summary>
    public IEnumerable<string> Lines(string file) => File.ReadLines(Path.Combine(Folder, file));

    /// <summary>Its open files, folders among them: path of the handle and what it points to.</summary>
    public IEnumerable<(string Handle, string Target)> OpenFiles() => Directory
        .GetFileSystemEntries(Path.Combine(Folder, "fd"))
        .Select(handle => (handle, new FileInfo(handle).LinkTarget ?? ""));

    /// <summary>Whether it can only read one of its open files.</summary>
    public bool IsForReadingAlone(string handle)
    {
        const int AccessMode = 3;
        var flags = Lines(Path.Combine("fdinfo", Path.GetFileName(handle)))
            .Single(line => line.StartsWith("flags:", StringComparison.Ordinal))["flags:".Length..].Trim();
        return (Convert.ToInt32(flags, 8) & AccessMode) == 0;
    }

    [GeneratedRegex("^(mnt|net|ipc|uts|pid|user|cgroup|time):")]
    private static partial Regex NamespaceName();

    private string Folder { get; } = "/proc/" + pid.ToString(CultureInfo.InvariantCulture);
}
