using Mags.Client.Errors;
using Mags.Client.Jobs;
using Mags.Client.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Client.Tests;

public sealed class FollowLogsTests : IAsyncLifetime
{
    private const string Path = $"GET /api/v1/mags-jobs/{ServerDouble.JobId}/logs?follow=true";

    private ServerDouble _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await ServerDouble.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Follow_LinesThenEnd_YieldsThemInOrderAndFinishes()
    {
        _server.Prints("stdout", "one");
        _server.Prints("stderr", "two");
        _server.Ends("error", 3);

        var events = await FollowAsync();

        Assert.Equal(["1 stdout one", "2 stderr two", "end error 3"], events);
        Assert.Equal([Path], _server.Calls);
    }

    [Fact]
    public async Task Follow_After_AsksForLaterLinesOnly()
    {
        _server.Ends("completed", 0);

        await FollowAsync(after: 5);

        Assert.Equal([$"{Path}&after=5"], _server.Calls);
    }

    [Fact]
    public async Task Follow_LineArrives_IsYieldedBeforeTheNext()
    {
        using var client = NewClient();
        await using var events = client.FollowLogsAsync(ServerDouble.JobId, 0, Cancellation)
            .GetAsyncEnumerator(Cancellation);
        _server.Prints("stdout", "one");
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("one", events.Current.Entry?.Message);

        var next = events.MoveNextAsync();

        Assert.False(next.IsCompleted);
        _server.Ends("completed", 0);
        Assert.True(await next);
        Assert.NotNull(events.Current.End);
    }

    [Fact]
    public async Task Follow_ConnectionBreaks_GoesOnAfterTheLastLineWithoutRepeatingIt()
    {
        using var client = NewClient();
        await using var events = client.FollowLogsAsync(ServerDouble.JobId, 0, Cancellation)
            .GetAsyncEnumerator(Cancellation);
        _server.Prints("stdout", "one");
        await events.MoveNextAsync();
        _server.BreaksConnection();
        _server.Prints("stdout", "two");
        _server.Ends("completed", 0);

        Assert.True(await events.MoveNextAsync());
        Assert.Equal("two", events.Current.Entry?.Message);
        Assert.True(await events.MoveNextAsync());
        Assert.NotNull(events.Current.End);
        Assert.Equal([Path, $"{Path} 1"], _server.Calls);
    }

    [Fact]
    public async Task Follow_ServerUnavailableOnReconnect_TriesAgain()
    {
        _server.Prints("stdout", "one");
        using var client = NewClient();
        await using var events = client.FollowLogsAsync(ServerDouble.JobId, 0, Cancellation)
            .GetAsyncEnumerator(Cancellation);
        await events.MoveNextAsync();
        _server.Refuses(503, "unavailable", "the server is starting");
        _server.BreaksConnection();
        _server.Ends("completed", 0);

        Assert.True(await events.MoveNextAsync());

        Assert.NotNull(events.Current.End);
        Assert.Equal([Path, $"{Path} 1", $"{Path} 1"], _server.Calls);
    }

    [Fact]
    public async Task Follow_ServerStaysAway_GivesUpAfterTheReconnectTimeout()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
        _server.Prints("stdout", "one");
        using var client = new MagsClient(new MagsClientOptions
        {
            BaseUrl = _server.Url,
            Token = ServerDouble.Token,
            TimeProvider = time,
            ReconnectTimeout = TimeSpan.Zero,
        });
        await using var events = client.FollowLogsAsync(ServerDouble.JobId, 0, Cancellation)
            .GetAsyncEnumerator(Cancellation);
        await events.MoveNextAsync();
        await _server.DisposeAsync();

        var failure = await Assert.ThrowsAsync<MagsApiException>(async () => await events.MoveNextAsync());

        Assert.Equal(ClientErrorCodes.Unreachable, failure.Code);
    }

    [Fact]
    public async Task Follow_UnknownJob_FailsAtOnce()
    {
        using var client = NewClient();

        var failure = await Assert.ThrowsAsync<MagsApiException>(
            () => ToListAsync(client.FollowLogsAsync("nobody", 0, Cancellation)));

        Assert.Equal("not_found", failure.Code);
        Assert.Single(_server.Calls);
    }

    [Fact]
    public async Task Follow_UnreachableAtFirst_FailsAtOnce()
    {
        using var client = NewClient();
        await _server.DisposeAsync();

        var failure = await Assert.ThrowsAsync<MagsApiException>(
            () => ToListAsync(client.FollowLogsAsync(ServerDouble.JobId, 0, Cancellation)));

        Assert.EndsWith(": connection refused", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_Cancelled_Ends()
    {
        using var cancelling = new CancellationTokenSource();
        using var client = NewClient();
        await using var events = client.FollowLogsAsync(ServerDouble.JobId, 0, cancelling.Token)
            .GetAsyncEnumerator(cancelling.Token);
        _server.Prints("stdout", "one");
        await events.MoveNextAsync();
        var next = events.MoveNextAsync();

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    private async Task<List<string>> FollowAsync(long after = 0)
    {
        using var client = NewClient();
        return await ToListAsync(client.FollowLogsAsync(ServerDouble.JobId, after, Cancellation));
    }

    private static async Task<List<string>> ToListAsync(IAsyncEnumerable<JobLogEvent> events)
    {
        var list = new List<string>();
        await foreach (var next in events)
        {
            list.Add(next.Entry is { } entry
                ? $"{entry.Seq} {entry.Source} {entry.Message}"
                : $"end {next.End!.Status} {next.End.ExitCode}");
        }

        return list;
    }

    private MagsClient NewClient() =>
        new(new MagsClientOptions { BaseUrl = _server.Url, Token = ServerDouble.Token });
}
