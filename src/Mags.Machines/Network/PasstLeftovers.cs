using System.Globalization;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Network;

/// <summary>Finds the passts of a home: they run as users of its range, which nothing else does but its QEMUs.</summary>
internal sealed class PasstLeftovers(HomeFolders folders)
{
    // The kernel's name of a process; passt goes on as a variant of it for newer processors.
    private const string Name = "passt";

    /// <summary>Those of users other than the ones given.</summary>
    internal IReadOnlyList<int> Find(IReadOnlySet<uint> except)
    {
        var range = new UidRange(folders.Home);
        return
        [
            .. Directory.EnumerateDirectories("/proc")
                .Select(entry => int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
                .Where(pid => pid > 0 && IsPasst(pid) && ProcessOwner.Of(pid) is { } user
                    && range.Contains(user) && !except.Contains(user)),
        ];
    }

    /// <summary>Whether a process is a passt.</summary>
    internal static bool IsPasst(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").StartsWith(Name, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
