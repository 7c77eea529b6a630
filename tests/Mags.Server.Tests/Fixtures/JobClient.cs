using System.Net;
using System.Text;
using System.Text.Json;

namespace Mags.Server.Tests.Fixtures;

/// <summary>What tests do with jobs, over HTTP.</summary>
internal static class JobClient
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<Answer> GetAsync(this RunningServer server, string path) =>
        await Answer.OfAsync(await server.Http.GetAsync(new Uri(path, UriKind.Relative), Cancelled));

    public static async Task<Answer> PostAsync(this RunningServer server, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await server.Http.PostAsync(new Uri(path, UriKind.Relative), content, Cancelled));
    }

    /// <summary>Posts a job with these fields beside script and type.</summary>
    public static Task<Answer> PostJobAsync(this RunningServer server, string script, string fields = "")
    {
        var more = fields.Length == 0 ? "" : $", {fields}";
        return server.PostAsync(
            "/api/v1/mags-jobs", $$"""{"script": {{JsonSerializer.Serialize(script)}}, "type": "inline"{{more}}}""");
    }

    /// <summary>Posts a job that must be accepted.</summary>
    /// <returns>Its id.</returns>
    public static async Task<string> AcceptAsync(this RunningServer server, string script, string fields = "")
    {
        var answer = await server.PostJobAsync(script, fields);
        Assert.Equal((HttpStatusCode.Accepted, ""), (answer.Status, answer.Error));
        return answer.Text("request_id");
    }

    public static Task<Answer> StatusAsync(this RunningServer server, string id) =>
        server.GetAsync($"/api/v1/mags-jobs/{id}/status");

    public static Task<Answer> StopJobAsync(this RunningServer server, string id) =>
        server.PostAsync($"/api/v1/mags-jobs/{id}/stop", "");

    /// <summary>Waits for a job's end by following its log; answers its status.</summary>
    public static async Task<Answer> EndAsync(this RunningServer server, string id)
    {
        await foreach (var message in server.FollowAsync(id))
        {
            if (message.Event == "end")
            {
                return await server.StatusAsync(id);
            }
        }

        throw new InvalidOperationException($"the log of job {id} ended without an end event");
    }

    /// <summary>Waits until a job runs: until its first line, which its script must print.</summary>
    public static async Task RunningAsync(this RunningServer server, string id)
    {
        await foreach (var message in server.FollowAsync(id))
        {
            if (message.Event is "log")
            {
                return;
            }
        }
    }

    public static async IAsyncEnumerable<ServerSentEvent> FollowAsync(
        this RunningServer server, string id, string query = "", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"/api/v1/mags-jobs/{id}/logs?follow=true{query}");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using var response = await server.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(_patience);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        while (await ServerSentEvent.ReadAsync(reader, limit.Token) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>Messages of a job's whole log.</summary>
    public static async Task<List<string>> LogAsync(this RunningServer server, string id, string query = "")
    {
        var answer = await server.GetAsync($"/api/v1/mags-jobs/{id}/logs{query}");
        return [.. answer.Body!.Value.GetProperty("logs").EnumerateArray()
            .Select(line => line.GetProperty("message").GetString()!)];
    }
}
