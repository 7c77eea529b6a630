using System.Net;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Workspaces;

/// <summary>Exports and imports that would be too many, or that the server's stop cuts off.</summary>
public sealed class TransferLimitTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync("""{"Workspaces": {"ParallelTransfers": 1}}""");
        _server.AddImage("debian");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Transfers_MoreThanMayBe_AreRefusedUntilOneEnds()
    {
        _ = await _server.EndAsync(await _server.AcceptAsync("exit 0", "\"workspace_id\": \"there\""));
        using (var first = new HalfImport())
        {
            await first.BeginAsync(_server, "first");
            foreach (var answer in (Answer[])[await ImportAsync(), await _server.GetAsync("/api/v1/mags-workspaces/there/export")])
            {
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (answer.Status, answer.Code));
                Assert.StartsWith(
                    "1 exports and imports run already, as many as may (Workspaces:ParallelTransfers)",
                    answer.Error,
                    StringComparison.Ordinal);
                Assert.Equal(TimeSpan.FromSeconds(5), answer.Response.Headers.RetryAfter!.Delta);
            }
        }

        // A server that saw its client go has still to give the place back.
        while (await ImportAsync() is var next && next.Status != HttpStatusCode.BadRequest)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, next.Status);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync("/api/v1/mags-workspaces/first")).Status);
    }

    [Fact]
    public async Task Stop_WhileAnImportRuns_IsToldToItsClientAndLeavesNothing()
    {
        using var import = new HalfImport();
        await import.BeginAsync(_server, "half");

        await _server.StopServerAsync();

        var answer = await import.AnswerAsync();
        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.Contains("the server is stopping; try again when it runs again", answer, StringComparison.Ordinal);
        await using var next = await _server.RestartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await next.GetAsync("/api/v1/mags-workspaces/half")).Status);
    }

    /// <summary>What is no disk: refused as such once it may be sent.</summary>
    private async Task<Answer> ImportAsync()
    {
        using var content = new ByteArrayContent(new byte[1 << 16]);
        return await Answer.OfAsync(await _server.Http.PostAsync(
            new Uri("/api/v1/mags-workspaces/second/import", UriKind.Relative), content, TestContext.Current.CancellationToken));
    }
}
