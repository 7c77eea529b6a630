using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mags.Contracts;

/// <summary>
/// Times as RFC 3339 in UTC, with <c>Z</c> and always six digits of a second: texts of one length sort as the times do,
/// and parsers that know no more than microseconds (Python's before 3.11) read them.
/// </summary>
public sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        // The round-trip format has seven digits before its Z.
        Span<byte> text = stackalloc byte["2026-01-01T00:00:00.0000000Z".Length];
        _ = value.UtcDateTime.TryFormat(text, out var length, "O", CultureInfo.InvariantCulture);
        text[length - 2] = (byte)'Z';
        writer.WriteStringValue(text[..(length - 1)]);
    }
}
