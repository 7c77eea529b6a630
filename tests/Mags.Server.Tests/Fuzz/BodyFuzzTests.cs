#pragma warning disable CA5394 // The same seed has to make the same input again.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Fuzz;

/// <summary>Bodies and addresses that no client would send: each is answered, and none by a fault of the server.</summary>
public sealed class BodyFuzzTests
{
    private const int DefaultInputs = 5_000;

    private static readonly string[] _values =
    [
        "null", "true", "-1", "0", "1e999", "9223372036854775808", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "[]", "{}", "[[[[]]]]",
        "{\"a\":\"b\"}", "\"../../etc\"", "\"🦊\"", "\"x\"", "2", "1048576", "[\"a\",null,3]", "{\"\":\"\"}", "{\"A=B\":\"c\"}",
    ];

    private static readonly string[] _fields =
    [
        "script", "type", "name", "image", "vcpus", "memory_mb", "disk_gb", "timeout", "environment", "network", "isolation",
        "persistent", "workspace_id", "base_workspace_id", "file_ids", "no_sync", "no_sleep", "startup_command", "zzz",
    ];

    private static readonly string[] _paths =
    [
        "mags-jobs", "mags-jobs?page=-1", "mags-jobs?page_size=99999999999999999999", "mags-jobs/%01/status",
        "mags-jobs/%2F..%2F/status", "mags-jobs/x/logs?after=-5&limit=0", "mags-jobs/x/logs?after=9e9", "mags-jobs/%ff/stop",
        "mags-jobs/🦊/status", "mags-jobs/" + "a%20" + "/logs?follow=maybe",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>More in the benchmark, which sets the variable.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where the fuzzing binds its environment.")]
    private static int Inputs =>
        int.TryParse(Environment.GetEnvironmentVariable("MAGS_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var count)
            ? count
            : DefaultInputs;

    [Fact]
    public async Task Call_AnythingAtAll_IsAnsweredWithoutAFault()
    {
        await using var server = await RunningServer.StartAsync();
        var random = new Random(1);
        for (var input = 0; input < Inputs; input++)
        {
            using var request = NewRequest(random);
            var shown = $"{request.Method} {request.RequestUri} {(request.Content is { } body ? await body.ReadAsStringAsync(Token) : "")}";
            using var response = await server.Http.SendAsync(request, Token);

            Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} to {shown}");
            if (response.StatusCode >= HttpStatusCode.BadRequest)
            {
                var answer = await response.Content.ReadAsStringAsync(Token);
                Assert.True(answer.Contains("\"error\"", StringComparison.Ordinal), $"{answer} to {shown}");
            }
        }

        Assert.Equal("ok", (await server.GetAsync("/healthz")).Text("status"));
    }

    private static HttpRequestMessage NewRequest(Random random)
    {
        if (random.Next(5) == 0)
        {
            var path = _paths[random.Next(_paths.Length)];
            return new HttpRequestMessage(
                random.Next(4) == 0 ? HttpMethod.Post : HttpMethod.Get, new Uri($"/api/v1/{path}", UriKind.Relative));
        }

        var content = new ByteArrayContent(random.Next(4) == 0 ? Broken(random) : Encoding.UTF8.GetBytes(Body(random)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/mags-jobs", UriKind.Relative)) { Content = content };
    }

    private static string Body(Random random)
    {
        var body = new StringBuilder("{\"script\":\"out hi\",\"type\":\"inline\"");
        for (var fields = random.Next(4); fields > 0; fields--)
        {
            body.Append(
                CultureInfo.InvariantCulture,
                $",\"{_fields[random.Next(_fields.Length)]}\":{_values[random.Next(_values.Length)]}");
        }

        return body.Append('}').ToString();
    }

    private static byte[] Broken(Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(Body(random));
        for (var flips = random.Next(1, 10); flips > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return random.Next(3) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }
}
