using System.Globalization;

namespace Mags.Bench;

/// <summary>A machine's process as the host sees it.</summary>
internal sealed record Hypervisor(int Pid)
{
    private const double KibPerMib = 1024;

    /// <summary>Its share of memory: pages of its own, and of each page it shares its part (PSS), in MiB.</summary>
    public double PssMib
    {
        get
        {
            var line = File.ReadLines($"/proc/{Pid}/smaps_rollup")
                .First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
            var kib = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
            return double.Parse(kib, CultureInfo.InvariantCulture) / KibPerMib;
        }
    }

    /// <summary>Processor time since its start, in seconds.</summary>
    public double CpuSeconds => ProcessTime.Of(Pid, withChildren: false);

    /// <summary>The machines of a home: as the server does at its start, found by the home in their name.</summary>
    public static IReadOnlyList<Hypervisor> Of(string home) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && IsOf(home, pid))
            .Select(pid => new Hypervisor(pid)),
    ];

    private static bool IsOf(string home, int pid)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{pid}/cmdline");
            return line.Contains("qemu-system", StringComparison.Ordinal)
                && line.Contains($"mags:{home}:", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return false;
        }
    }
}
