#pragma warning disable CA5394 // The same seed has to make the same request again.
using System.Globalization;
using System.Text;

namespace Mags.Server.Tests.Fuzz;

/// <summary>Requests that no client would send, each from its seed. Few are good enough to start a job.</summary>
internal static class FuzzedRequests
{
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

    private static readonly string[] _bad = ["\"type\":7", "\"type\":\"x\"", "\"timeout\":-1", "\"vcpus\":\"many\"", "\"disk_gb\":1e9"];

    private static readonly string[] _paths =
    [
        "mags-jobs", "mags-jobs/{0}", "mags-jobs/{0}/status", "mags-jobs/{0}/logs", "mags-jobs/{0}/stop", "mags-jobs/{0}/exec",
        "mags-jobs/pool-status", "mags-images", "mags-images/{0}", "mags-server", "mags-server/{0}", "mags-whoami", "mags-files",
        "mags-workspaces/{0}", "mags-cron/{0}", "{0}", "{0}/{0}",
    ];

    private static readonly string[] _ids =
    [
        "x", "%01", "%ff", "%2F..%2F", "🦊", "a%20", "00000000-0000-0000-0000-000000000000", ".", "...", "%25", "'--", "%7B%7D", "usage",
    ];

    private static readonly string[] _queries =
    [
        "", "?page=-1", "?page_size=99999999999999999999", "?page=1&page=2", "?after=-5&limit=0", "?after=9e9", "?limit=%0a",
        "?after=9223372036854775807", "?&&==&", "?page=%ff", "?ticket=x",
    ];

    private static readonly string[] _headers =
    [
        "Last-Event-ID: -1", "Last-Event-ID: 99999999999999999999", "Accept: text/nothing", "Range: bytes=5-1", "If-Match: \"",
        "Authorization: Basic eA==", "Authorization: Bearer", "Authorization: Bearer x y", "X-Forwarded-For: :::", "Origin: null",
        "Cookie: =;=;", "Accept-Language: ;q=9", "X-HTTP-Method-Override: DELETE",
    ];

    private static readonly string[] _types =
    [
        "application/json", "application/json; charset=utf-16", "text/plain", "multipart/form-data", "multipart/form-data; boundary=b",
        "multipart/form-data; boundary=", "application/x-www-form-urlencoded", "x", "",
    ];

    private static readonly HttpMethod[] _methods =
        [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete, HttpMethod.Options, new("BREW")];

    public static HttpRequestMessage Make(int seed)
    {
        var random = new Random(seed);
        var toJobs = random.Next(3) != 0;
        var request = toJobs
            ? new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/mags-jobs", UriKind.Relative))
            : new HttpRequestMessage(Any(random, _methods), AnyAddress(random));
        if (toJobs || random.Next(2) == 0)
        {
            request.Content = new ByteArrayContent(AnyBody(random));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(5) == 0 ? Any(random, _types) : _types[0]);
        }

        for (var headers = random.Next(6) - 3; headers > 0; headers--)
        {
            var parts = Any(random, _headers).Split(": ", 2);
            request.Headers.Remove(parts[0]);
            request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
        }

        return request;
    }

    private static Uri AnyAddress(Random random)
    {
        var path = string.Format(CultureInfo.InvariantCulture, Any(random, _paths), Any(random, _ids));
        return new Uri($"/api/v{random.Next(1, 4)}/{path}{Any(random, _queries)}", UriKind.Relative);
    }

    private static byte[] AnyBody(Random random) => random.Next(8) switch
    {
        0 => Broken(random, Encoding.UTF8.GetBytes(Json(random))),
        1 => Noise(random, random.Next(2000)),
        2 => Encoding.UTF8.GetBytes($"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../x\"\r\n\r\n{Json(random)}\r\n--b"),
        3 => Encoding.UTF8.GetBytes(new string('[', random.Next(3000)) + new string(']', random.Next(3000))),
        _ => Encoding.UTF8.GetBytes(Json(random)),
    };

    private static string Json(Random random)
    {
        var parts = new List<string> { "\"type\":\"inline\"" };
        if (random.Next(4) != 0)
        {
            parts.Add("\"script\":\"out hi\"");
        }

        for (var fields = random.Next(5); fields > 0; fields--)
        {
            parts.Add($"\"{Any(random, _fields)}\":{Any(random, _values)}");
        }

        if (random.Next(20) != 0)
        {
            parts.Add(Any(random, _bad));
        }

        return "{" + string.Join(',', parts.OrderBy(_ => random.Next())) + "}";
    }

    private static byte[] Broken(Random random, byte[] bytes)
    {
        for (var flips = random.Next(1, 10); flips > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes[..random.Next(bytes.Length)];
    }

    private static byte[] Noise(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static T Any<T>(Random random, T[] choices) => choices[random.Next(choices.Length)];
}
