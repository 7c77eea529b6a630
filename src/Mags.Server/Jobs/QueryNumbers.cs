using System.Globalization;
using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>Numbers and flags in a query string; a bad one is refused by name.</summary>
internal static class QueryNumbers
{
    /// <summary>Reads a whole number.</summary>
    /// <param name="text">What the client sent; null or empty is absent.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="min">The least it may be.</param>
    /// <param name="value">The number, or the default that it held before when absent.</param>
    public static ErrorResult? Read(string? text, string name, long min, ref long value)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= min)
        {
            value = number;
            return null;
        }

        return ErrorResult.BadRequest($"parameter `{name}` must be a whole number from {min}, not `{Shorten(text)}`");
    }

    /// <summary>Reads a flag; absent is false.</summary>
    public static ErrorResult? ReadFlag(string? text, string name, out bool value)
    {
        value = text is "true" or "1";
        return value || text is null or "" or "false" or "0"
            ? null
            : ErrorResult.BadRequest($"parameter `{name}` must be true or false, not `{Shorten(text)}`");
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : $"{text[..64]}…";
}
