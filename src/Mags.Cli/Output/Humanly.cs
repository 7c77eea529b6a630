using System.Globalization;

namespace Mags.Cli.Output;

/// <summary>Times, spans and sizes as people say them.</summary>
internal static class Humanly
{
    public static string Ago(DateTimeOffset then, TimeProvider time)
    {
        var age = time.GetUtcNow() - then;
        return age.TotalSeconds switch
        {
            < 1 => "just now",
            < 60 => Invariant($"{(int)age.TotalSeconds} s ago"),
            < 3600 => Invariant($"{(int)age.TotalMinutes} min ago"),
            < 86400 => Invariant($"{(int)age.TotalHours} h ago"),
            < 30 * 86400 => Invariant($"{(int)age.TotalDays} d ago"),
            _ => Invariant($"{then.UtcDateTime:yyyy-MM-dd}"),
        };
    }

    /// <summary>A time, and how long ago it was; null for none.</summary>
    public static string? When(DateTimeOffset? when, TimeProvider time) => when is { } then
        ? Invariant($"{then.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z ({Ago(then, time)})")
        : null;

    public static string Span(TimeSpan span) => span.TotalSeconds switch
    {
        < 1 => Invariant($"{(int)span.TotalMilliseconds} ms"),
        < 60 => Invariant($"{span.TotalSeconds:0.0} s"),
        < 3600 => Invariant($"{(int)span.TotalMinutes} min {span.Seconds} s"),
        _ => Invariant($"{(int)span.TotalHours} h {span.Minutes} min"),
    };

    public static string Size(long bytes) => bytes switch
    {
        < 1024 => Invariant($"{bytes} B"),
        < 1024 * 1024 => Invariant($"{bytes / 1024.0:0.0} KiB"),
        < 1024L * 1024 * 1024 => Invariant($"{bytes / (1024.0 * 1024):0.0} MiB"),
        _ => Invariant($"{bytes / (1024.0 * 1024 * 1024):0.0} GiB"),
    };

    public static string Clip(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
