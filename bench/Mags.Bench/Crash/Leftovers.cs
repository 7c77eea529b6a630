using System.Globalization;
using Mags.Machines;
using Mags.Machines.Native;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;

namespace Mags.Bench.Crash;

/// <summary>Looks for what a dead server left, at a moment when nothing but the new one's waiting machines should be.</summary>
internal sealed class Leftovers(string home, int waiting)
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _settle = TimeSpan.FromSeconds(30);

    /// <summary>Sentences about what is left; waits a while for what is being taken down.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(CancellationToken cancellationToken)
    {
        var until = TimeProvider.System.GetUtcNow() + _settle;
        while (true)
        {
            List<string> found = [.. Find(), .. await TablesAsync(cancellationToken)];
            if (found.Count == 0 || TimeProvider.System.GetUtcNow() > until)
            {
                return found;
            }

            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }
    }

    private IEnumerable<string> Find()
    {
        var range = new UidRange(home);
        var users = Processes().Where(range.Contains).ToList();
        if (users.Count != users.Distinct().Count() || users.Count != waiting)
        {
            yield return $"{users.Count} processes run as {users.Distinct().Count()} users of machines; {waiting} machines wait";
        }

        var machines = Path.Combine(home, "machines");
        if (Directory.GetFileSystemEntries(machines) is var folders && folders.Length != waiting)
        {
            yield return $"{folders.Length} machines have a folder: {string.Join(' ', folders)}";
        }

        foreach (var parent in File.ReadLines(Path.Combine(home, "cgroups")).Where(Directory.Exists))
        {
            if (Directory.GetDirectories(parent) is var cgroups && cgroups.Length != waiting)
            {
                yield return $"{cgroups.Length} cgroups are in {parent}";
            }
        }

        if (Directory.EnumerateFileSystemEntries(home, ".making-*", SearchOption.AllDirectories).ToList() is [_, ..] half)
        {
            yield return $"half-made files are left: {string.Join(' ', half)}";
        }

        if (File.ReadLines("/proc/self/mounts").Where(line => line.Contains(home, StringComparison.Ordinal)).ToList() is [_, ..] mounts)
        {
            yield return $"mounts are left: {string.Join('\n', mounts)}";
        }
    }

    /// <summary>The home has one table of rules, its new server's, or none where nothing can load rules.</summary>
    private async Task<IEnumerable<string>> TablesAsync(CancellationToken cancellationToken)
    {
        string tables;
        try
        {
            tables = await Tool.RunAsync(Tool.Find("nft"), ["list", "tables"], cancellationToken);
        }
        catch (MachineException)
        {
            return [];
        }

        var count = tables.Split('\n').Count(line => line.Contains(EgressRules.TableOf(home), StringComparison.Ordinal));
        return count > 1 ? [$"{count} tables of rules are the home's"] : [];
    }

    /// <summary>Users of all processes of the host.</summary>
    private static IEnumerable<uint> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            string? line;
            try
            {
                line = File.ReadLines($"{folder}/status").FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal));
            }
            catch (IOException)
            {
                continue; // It ended meanwhile.
            }

            if (line is not null)
            {
                yield return uint.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
            }
        }
    }
}
