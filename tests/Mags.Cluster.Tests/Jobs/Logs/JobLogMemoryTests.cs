using Mags.Cluster.Jobs.Logs;

namespace Mags.Cluster.Tests.Jobs.Logs;

/// <summary>Runs alone: allocations are counted for the whole process.</summary>
[Collection(Alone)]
public sealed class JobLogMemoryTests : IDisposable
{
    private const string Alone = nameof(JobLogMemoryTests);
    private readonly LogFixture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Append_MillionEmptyLines_AllAreKeptInLittleMemory()
    {
        using var writer = await _log.Store.OpenWriterAsync(_log.JobId, Token);
        var piece = new byte[10_000];
        piece.AsSpan().Fill((byte)'\n');
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < 100; i++)
        {
            await writer.AppendAsync(LogSource.Stdout, piece, Token);
        }

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 4 * 1024 * 1024);
        Assert.Equal((1_000_000 * 16) + 8, new FileInfo(_log.LogPath).Length);
        Assert.Equal([999_999, 1_000_000], (await _log.ReadAsync(999_998)).Select(line => line.Seq));
    }

    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class Definition;
}
