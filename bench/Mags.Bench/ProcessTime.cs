using System.Globalization;

namespace Mags.Bench;

/// <summary>Processor time of a process, from <c>/proc/PID/stat</c>; see proc(5).</summary>
internal static class ProcessTime
{
    private const int UserTicks = 11; // Counted from the field after the command's closing bracket.
    private const double TicksPerSecond = 100;

    /// <summary>Seconds in user and kernel mode.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="withChildren">Whether those of children that have ended and been waited for count too.</param>
    public static double Of(int pid, bool withChildren)
    {
        var text = File.ReadAllText($"/proc/{pid}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ')
            .Skip(UserTicks)
            .Take(withChildren ? 4 : 2)
            .Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
