using System.Text;
using Mags.Cluster.Jobs.Logs;

namespace Mags.Cluster.Tests.Jobs.Logs;

public sealed class JobLogFollowTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private readonly LogFixture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Follow_JobThatHasNotBegun_GetsEachLineWhenItIsWritten()
    {
        await using var follower = Follow().GetAsyncEnumerator(Token);
        var first = NextAsync(follower);
        using var writer = await _log.Store.OpenWriterAsync(_log.JobId, Token);
        await writer.AppendAsync(LogSource.Stdout, "one\n"u8.ToArray(), Token);
        Assert.Equal(["one"], await first);

        var second = NextAsync(follower);
        Assert.False(second.IsCompleted);
        await writer.AppendAsync(LogSource.Stdout, "two\n"u8.ToArray(), Token);
        Assert.Equal(["two"], await second);
    }

    [Fact]
    public async Task Follow_End_CompletesAfterTheLastLine()
    {
        await using var follower = Follow().GetAsyncEnumerator(Token);
        var first = NextAsync(follower);
        await _log.WriteAsync("last");
        _log.Store.End(_log.JobId);

        Assert.Equal(["last"], await first);
        Assert.Null(await NextAsync(follower));
    }

    [Fact]
    public async Task Follow_EndedJob_GetsAllFromItsCursorAndCompletes()
    {
        await _log.WriteAsync("one\ntwo\nthree\n");

        await using var follower = Follow(after: 1, ended: true).GetAsyncEnumerator(Token);

        Assert.Equal(["two", "three"], await NextAsync(follower));
        Assert.Null(await NextAsync(follower));
    }

    [Fact]
    public async Task Follow_Silence_GivesASignOfLife()
    {
        await using var follower = Follow().GetAsyncEnumerator(Token);
        var next = NextAsync(follower);

        _log.Time.Advance(TimeSpan.FromSeconds(15));

        Assert.Empty((await next)!);
    }

    [Fact]
    public async Task Follow_StoreCloses_Completes()
    {
        await using var follower = Follow().GetAsyncEnumerator(Token);
        var next = NextAsync(follower);

        _log.Store.Close();

        Assert.Null(await next);
    }

    [Fact]
    public async Task Follow_FollowersThatDoNotRead_DoNotHoldUpTheWriter()
    {
        var idle = Enumerable.Range(0, 50).Select(_ => Follow().GetAsyncEnumerator(Token)).ToList();
        var starts = idle.ConvertAll(NextAsync);
        using (var writer = await _log.Store.OpenWriterAsync(_log.JobId, Token))
        {
            for (var i = 1; i <= 1000; i++)
            {
                await writer.AppendAsync(LogSource.Stdout, Encoding.UTF8.GetBytes($"{i}\n"), Token);
            }
        }

        _log.Store.End(_log.JobId);
        Assert.Equal(1000, (await _log.ReadAsync()).Count);
        foreach (var (start, follower) in starts.Zip(idle))
        {
            var count = (await start)!.Count;
            while (await NextAsync(follower) is { } lines)
            {
                count += lines.Count;
            }

            Assert.Equal(1000, count);
            await follower.DisposeAsync();
        }
    }

    private IAsyncEnumerable<IReadOnlyList<LogLine>> Follow(long after = 0, bool ended = false) =>
        _log.Store.FollowAsync(_log.JobId, after, _ => Task.FromResult(ended), Token);

    private static async Task<List<string>?> NextAsync(IAsyncEnumerator<IReadOnlyList<LogLine>> follower) =>
        await follower.MoveNextAsync().AsTask().WaitAsync(_patience, Token)
            ? [.. follower.Current.Select(line => line.Message)]
            : null;
}
