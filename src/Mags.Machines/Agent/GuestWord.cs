namespace Mags.Machines.Agent;

/// <summary>Takes what a guest says with care: whoever took its kernel over may say anything.</summary>
internal static class GuestWord
{
    /// <summary>Longest text of a guest's that goes on into an error, in characters.</summary>
    internal const int LongestText = 500;

    private const int LargestExitCode = 255;

    /// <summary>A process's end, as far as it can be true.</summary>
    /// <param name="exited">What the guest says.</param>
    /// <param name="elapsed">How long the host has known the process: it cannot have run for longer.</param>
    /// <exception cref="MachineException">No process ends like that.</exception>
    internal static Machines.ProcessExited End(Protocol.ProcessExited exited, TimeSpan elapsed)
    {
        if (exited.ExitCode is < 0 or > LargestExitCode)
        {
            throw new MachineException(
                MachineFault.Agent, $"The guest reports exit code {exited.ExitCode}, which no process can have.");
        }

        var longest = (long)elapsed.TotalMicroseconds;
        return new Machines.ProcessExited(
            exited.ExitCode,
            exited.TimedOut,
            TimeSpan.FromMicroseconds(Math.Clamp(exited.DurationUs, 0, longest)))
        {
            RanOutOfMemory = exited.MemoryKills > 0,
        };
    }

    /// <summary>A guest's text as a part of one of the host's sentences: one line, and not a long one.</summary>
    internal static string Text(string text)
    {
        var cut = text.Length > LongestText ? text[..LongestText] + "…" : text;
        return string.Create(cut.Length, cut, (line, from) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? ' ' : from[i];
            }
        }).Trim();
    }
}
