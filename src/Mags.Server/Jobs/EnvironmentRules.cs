using System.Text;
using System.Text.RegularExpressions;
using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>What an environment may hold.</summary>
internal static partial class EnvironmentRules
{
    /// <summary>
    /// The kernel takes no string of an environment longer than MAX_ARG_STRLEN, its final NUL included (execve(2)).
    /// </summary>
    private const int MaxArgStrlen = 128 * 1024;

    /// <summary>The entries that have a value: null is none.</summary>
    public static IReadOnlyDictionary<string, string> Entries(Dictionary<string, string>? environment) =>
        (environment ?? []).Where(entry => entry.Value is not null).ToDictionary(StringComparer.Ordinal);

    public static ErrorResult? Check(Dictionary<string, string>? environment, JobLimitOptions limits)
    {
        var entries = Entries(environment);
        if (entries.Count > limits.MaxEnvironmentEntries)
        {
            return ErrorResult.BadRequest(
                $"field `environment` has {entries.Count} entries; the limit is {limits.MaxEnvironmentEntries} "
                + "(JobLimits:MaxEnvironmentEntries)");
        }

        var total = 0L;
        foreach (var (name, value) in entries)
        {
            var size = Encoding.UTF8.GetByteCount(name) + 1 + Encoding.UTF8.GetByteCount(value);
            if (CheckEntry(name, size) is { } error)
            {
                return error;
            }

            total += size;
        }

        return total > limits.MaxEnvironmentBytes
            ? ErrorResult.BadRequest(
                $"field `environment` is {total} bytes in all; the limit is {limits.MaxEnvironmentBytes} "
                + "(JobLimits:MaxEnvironmentBytes)")
            : null;
    }

    private static ErrorResult? CheckEntry(string name, int size)
    {
        var shown = name.Length <= 64 ? name : $"{name[..64]}…";
        if (!NamePattern().IsMatch(name))
        {
            return ErrorResult.BadRequest(
                $"field `environment`: `{shown}` is no name of a variable; it must be letters, digits and "
                + "underscores, and not begin with a digit");
        }

        return size >= MaxArgStrlen
            ? ErrorResult.BadRequest(
                $"field `environment`: `{shown}` and its value are {size} bytes long; an entry must be under "
                + $"{MaxArgStrlen} bytes")
            : null;
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex NamePattern();
}
