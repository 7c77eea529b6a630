using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Cgroups;

/// <summary>Reads and writes the files by which the kernel shows cgroups.</summary>
internal static class CgroupFile
{
    internal const string Processes = "cgroup.procs";
    internal const string SubtreeControl = "cgroup.subtree_control";

    /// <summary>Opens a file for writing.</summary>
    internal static SafeFileHandle Open(string folder, string name) =>
        File.OpenHandle(Path.Combine(folder, name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

    /// <summary>Writes a value.</summary>
    internal static void Write(string folder, string name, string value)
    {
        using var file = Open(folder, name);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(value), 0);
    }

    /// <summary>Writes a number.</summary>
    internal static void Write(string folder, string name, long value) =>
        Write(folder, name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>The number behind a word in a file of such lines; 0 when it is not there, or the cgroup is gone.</summary>
    internal static long Read(string folder, string name, string word)
    {
        try
        {
            var line = File.ReadLines(Path.Combine(folder, name))
                .FirstOrDefault(line => line.StartsWith(word + " ", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[(word.Length + 1)..], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>The processes in a cgroup.</summary>
    internal static IReadOnlyList<int> ReadProcesses(string folder) =>
        [.. File.ReadLines(Path.Combine(folder, Processes)).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
}
