using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>The REST API as a client written against the contract alone would use it: plain JSON, no types of ours.</summary>
public sealed class MagsApi(string url, string token) : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri($"{url}/api/v1/"),
        Timeout = TimeSpan.FromMinutes(3),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public HttpClient Http => _http;

    public void Dispose() => _http.Dispose();

    /// <summary>Submits a job and returns its id.</summary>
    public async Task<string> SubmitAsync(string script, Action<JsonObject>? more = null)
    {
        var body = new JsonObject { ["type"] = "inline", ["script"] = script };
        more?.Invoke(body);
        using var response = await _http.PostAsJsonAsync("mags-jobs", body, Cancel);
        var answer = await response.Content.ReadFromJsonAsync<JsonObject>(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, answer!.ToJsonString());
        Assert.Equal("accepted", (string)answer["status"]!);
        return (string)answer["request_id"]!;
    }

    public async Task<JsonObject> StatusAsync(string job) =>
        (await _http.GetFromJsonAsync<JsonObject>($"mags-jobs/{job}/status", Cancel))!;

    public async Task<JsonObject> StopAsync(string job)
    {
        using var response = await _http.PostAsync(new Uri($"mags-jobs/{job}/stop", UriKind.Relative), null, Cancel);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonObject>(Cancel))!;
    }

    public async Task<IReadOnlyList<LogLine>> LogsAsync(string job, string query = "")
    {
        var answer = await _http.GetFromJsonAsync<JsonObject>($"mags-jobs/{job}/logs{query}", Cancel);
        return [.. answer!["logs"]!.AsArray().Select(entry => LogLine.Of(entry!))];
    }

    /// <summary>Follows a job's log to its end, then reads its status.</summary>
    public async Task<FinishedJob> FinishAsync(string job)
    {
        var lines = new List<LogLine>();
        await foreach (var line in FollowAsync(job))
        {
            lines.Add(line);
        }

        return new FinishedJob(await StatusAsync(job), lines);
    }

    public async Task<FinishedJob> RunAsync(string script, Action<JsonObject>? more = null) =>
        await FinishAsync(await SubmitAsync(script, more));

    /// <summary>The lines of a job as they come; ends with the <c>end</c> event.</summary>
    public async IAsyncEnumerable<LogLine> FollowAsync(
        string job, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"mags-jobs/{job}/logs?follow=true");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var type = "";
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                type = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && type == "log")
            {
                yield return LogLine.Of(JsonNode.Parse(line["data: ".Length..])!);
            }
            else if (type == "end")
            {
                yield break;
            }
        }

        Assert.Fail($"The log of job {job} closed without its end event.");
    }
}

/// <summary>One log entry.</summary>
public sealed record LogLine(long Seq, string Source, string Level, string Message, DateTimeOffset Timestamp)
{
    public static LogLine Of(JsonNode entry) => new(
        (long)entry["seq"]!,
        (string)entry["source"]!,
        (string)entry["level"]!,
        (string)entry["message"]!,
        (DateTimeOffset)entry["timestamp"]!);
}

/// <summary>A job that reached its end.</summary>
public sealed record FinishedJob(JsonObject Json, IReadOnlyList<LogLine> Lines)
{
    public string Status => (string)Json["status"]!;

    public int? ExitCode => (int?)Json["exit_code"];

    public string? Error => (string?)Json["error"];

    public long DurationMs => (long?)Json["script_duration_ms"] ?? 0;

    public IReadOnlyList<string> Stdout => [.. Lines.Where(line => line.Source == "stdout").Select(line => line.Message)];

    public IReadOnlyList<string> Stderr => [.. Lines.Where(line => line.Source == "stderr").Select(line => line.Message)];
}
