using System.Text.RegularExpressions;
using Mags.Machines.Native;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>The program <c>nft</c>, run in the sandboxes' network namespace.</summary>
internal sealed partial class Nft(string launcher, IReadOnlyList<SafeFileHandle> namespaces)
{
    /// <summary>Carries out commands, all or none.</summary>
    /// <exception cref="MachineException">They were refused; the message says why.</exception>
    internal async Task ApplyAsync(string commands, CancellationToken cancellationToken)
    {
        using var input = MemoryFile.Create("rules", 0);
        RandomAccess.Write(input, System.Text.Encoding.UTF8.GetBytes(commands), 0);
        var files = new FdMap();
        _ = await RunAsync(["-f", $"/proc/self/fd/{files.Add(input)}"], files, cancellationToken);
    }

    /// <summary>A table as it was loaded, without what packets have left in its counters and sets.</summary>
    /// <exception cref="MachineException">There is none of this name.</exception>
    internal async Task<string> ListAsync(string table, CancellationToken cancellationToken) =>
        LeftByPackets().Replace(
            await RunAsync(["--stateless", "list", "table", "inet", table], new FdMap(), cancellationToken), "$1");

    /// <summary>Removes a table, if it is there.</summary>
    internal Task RemoveAsync(string table, CancellationToken cancellationToken) =>
        ApplyAsync($"table inet {table}\ndelete table inet {table}\n", cancellationToken);

    private Task<string> RunAsync(string[] arguments, FdMap files, CancellationToken cancellationToken)
    {
        var program = Tool.Find("nft");
        if (namespaces.Count == 0)
        {
            return Tool.RunAsync(program, arguments, files, cancellationToken);
        }

        List<string> line = ["run"];
        foreach (var space in namespaces)
        {
            line.AddRange(["--join", $"{files.Add(space)}"]);
        }

        return Tool.RunAsync(launcher, [.. line, "--", program, .. arguments], files, cancellationToken);
    }

    [GeneratedRegex(@"(flags dynamic[^}]*?)\s+elements = \{[^}]*\}")]
    private static partial Regex LeftByPackets();
}
