using System.Globalization;

namespace Mags.Machines.Sandboxes;

/// <summary>Whose a process of this host is.</summary>
internal static class ProcessOwner
{
    /// <summary>
    /// The user of a process in our own PID namespace; null when it has ended, or belongs to a container, whose users may
    /// have the same numbers.
    /// </summary>
    internal static uint? Of(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
            var sameNamespace = File.ResolveLinkTarget($"/proc/{pid}/ns/pid", false)?.Name
                == File.ResolveLinkTarget("/proc/self/ns/pid", false)?.Name;
            return sameNamespace ? uint.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }
}
