using Mags.Cli.Output;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Cli.Tests.Output;

public sealed class HumanlyTests
{
    [Theory]
    [InlineData(-5, "just now")]
    [InlineData(0, "just now")]
    [InlineData(59, "59 s ago")]
    [InlineData(60, "1 min ago")]
    [InlineData(7199, "1 h ago")]
    [InlineData(86400, "1 d ago")]
    [InlineData(40 * 86400, "2025-11-22")]
    public void Ago_Age_IsInTheLargestUnit(int seconds, string expected)
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal(expected, Humanly.Ago(now.AddSeconds(-seconds), new FakeTimeProvider(now)));
    }

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(999, "999 ms")]
    [InlineData(1500, "1.5 s")]
    [InlineData(61_000, "1 min 1 s")]
    [InlineData(7_260_000, "2 h 1 min")]
    public void Span_Length_IsInTheLargestUnit(int milliseconds, string expected) =>
        Assert.Equal(expected, Humanly.Span(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(85 * 1024 * 1024, "85.0 MiB")]
    [InlineData(3L * 1024 * 1024 * 1024, "3.0 GiB")]
    public void Size_Bytes_AreInTheLargestUnit(long bytes, string expected) =>
        Assert.Equal(expected, Humanly.Size(bytes));

    [Theory]
    [InlineData("12345", "12345")]
    [InlineData("123456", "1234…")]
    public void Clip_TooLong_EndsInAnEllipsis(string text, string expected) =>
        Assert.Equal(expected, Humanly.Clip(text, 5));
}
