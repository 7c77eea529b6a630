using System.Text;
using Mags.Cluster.Jobs.Logs;

namespace Mags.Cluster.Tests.Jobs.Logs;

public sealed class JobLogStoreTests : IDisposable
{
    private readonly LogFixture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Read_NoLogYet_IsEmpty() => Assert.Empty(await _log.ReadAsync());

    [Fact]
    public async Task Read_WrittenLines_AreNumberedFromOneWithTimeAndSource()
    {
        using (var writer = await _log.Store.OpenWriterAsync(_log.JobId, Token))
        {
            await writer.AppendAsync(LogSource.Stdout, "out\n"u8.ToArray(), Token);
            _log.Time.Advance(TimeSpan.FromSeconds(3));
            await writer.AppendAsync(LogSource.Stderr, "err\n"u8.ToArray(), Token);
            await writer.AppendSystemAsync("note", Token);
        }

        var start = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal(
            [
                new LogLine(1, start, LogSource.Stdout, "out"),
                new LogLine(2, start.AddSeconds(3), LogSource.Stderr, "err"),
                new LogLine(3, start.AddSeconds(3), LogSource.System, "note"),
            ],
            await _log.ReadAsync());
    }

    [Fact]
    public async Task Read_BinaryOutput_ReplacesWhatIsNoUtf8AndKeepsNul()
    {
        using (var writer = await _log.Store.OpenWriterAsync(_log.JobId, Token))
        {
            await writer.AppendAsync(LogSource.Stdout, new byte[] { 0xFF, 0x00, (byte)'a', 0xC3, 0x0A }, Token);
        }

        Assert.Equal(["\uFFFD\0a\uFFFD"], await _log.MessagesAsync());
    }

    [Fact]
    public async Task Append_UnfinishedLine_IsTheLastLineAtTheEndOnly()
    {
        using var writer = await _log.Store.OpenWriterAsync(_log.JobId, Token);
        await writer.AppendAsync(LogSource.Stdout, "one\ntw"u8.ToArray(), Token);
        Assert.Equal(["one"], await _log.MessagesAsync());

        await writer.FinishAsync(Token);
        Assert.Equal(["one", "tw"], await _log.MessagesAsync());
    }

    [Fact]
    public async Task Append_LineOfOneMebibyte_IsSplitAt64Kib()
    {
        await _log.WriteAsync(new string('x', 1024 * 1024) + "\nend\n");

        var lines = await _log.MessagesAsync();
        Assert.Equal(17, lines.Count);
        Assert.All(lines.Take(16), line => Assert.Equal(64 * 1024, line.Length));
        Assert.Equal("end", lines[16]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1999)]
    [InlineData(2000)]
    [InlineData(5000)]
    public async Task Read_After_GivesTheLinesBehindIt(int after)
    {
        await _log.WriteAsync([.. Enumerable.Range(1, 2000).Select(i => $"line {i}\n")]);

        var lines = await _log.ReadAsync(after);

        Assert.Equal(
            Enumerable.Range(1, 2000).Where(i => i > after).Select(i => ((long)i, $"line {i}")),
            lines.Select(line => (line.Seq, line.Message)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_IndexLostOrWrong_StillGivesTheRightLines(bool lost)
    {
        await _log.WriteAsync([.. Enumerable.Range(1, 1000).Select(i => $"line {i}\n")]);
        if (lost)
        {
            File.Delete(_log.IndexPath);
        }
        else
        {
            await File.WriteAllBytesAsync(_log.IndexPath, Enumerable.Repeat((byte)3, 64).ToArray(), Token);
        }

        Assert.Equal(["line 999", "line 1000"], await _log.MessagesAsync(998));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(17)]
    public async Task OpenWriter_LastRecordCutByACrash_CutsItOffAndGoesOn(int missing)
    {
        await _log.WriteAsync("first\n", "second\n");
        using (var file = File.OpenHandle(_log.LogPath, access: FileAccess.Write))
        {
            RandomAccess.SetLength(file, RandomAccess.GetLength(file) - missing);
        }

        Assert.Equal(["first"], await _log.MessagesAsync());
        await _log.WriteAsync("third\n");

        Assert.Equal([(1, "first"), (2, "third")], (await _log.ReadAsync()).Select(line => (line.Seq, line.Message)));
    }

    [Fact]
    public async Task OpenWriter_ZerosAfterAPowerCut_CutsThemOff()
    {
        await _log.WriteAsync("first\n");
        await File.AppendAllBytesAsync(_log.LogPath, new byte[5000], Token);

        await _log.WriteAsync("second\n");

        Assert.Equal(["first", "second"], await _log.MessagesAsync());
    }

    [Fact]
    public async Task Append_OverTheLimit_SaysSoOnceAndDropsTheRest()
    {
        using var log = new LogFixture(maxBytes: 4096);
        using (var writer = await log.Store.OpenWriterAsync(log.JobId, Token))
        {
            for (var i = 0; i < 200; i++)
            {
                await writer.AppendAsync(LogSource.Stdout, new byte[] { (byte)'a', (byte)'\n' }, Token);
                await writer.AppendAsync(LogSource.Stderr, Encoding.UTF8.GetBytes(new string('b', 100) + "\n"), Token);
            }

            await writer.FinishAsync(Token);
        }

        var lines = await log.ReadAsync();
        Assert.Equal(
            "the log has reached its limit of 4096 bytes (JobLogs:MaxBytes); "
            + "what the script prints from here on is not kept",
            Assert.Single(lines, line => line.Source == LogSource.System).Message);
        Assert.Equal(LogSource.System, lines[^1].Source);
        Assert.InRange(new FileInfo(log.LogPath).Length, 3900, 4096 + 200);
    }
}
