using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mags.Storage.Tests.S3;

/// <summary>
/// Stands before an S3 server: passes requests on, breaks those that a test chose, and heeds conditions of writes, which
/// the server behind does not.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly WebApplication _listener;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly ConcurrentDictionary<string, string> _versions = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentQueue<string> _seen = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _server;
    private Func<string, Breakage?> _breakage = _ => null;

    private FaultProxy(Uri server, bool heedConditions)
    {
        _server = server;
        HeedConditions = heedConditions;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        _listener = builder.Build();
        _listener.Run(ServeAsync);
    }

    public Uri Address => new(_listener.Urls.Single());

    public bool HeedConditions { get; set; }

    /// <summary>Requests so far, as <c>METHOD path</c>.</summary>
    public IReadOnlyCollection<string> Seen => _seen;

    public static async Task<FaultProxy> StartAsync(Uri server, bool heedConditions)
    {
        var proxy = new FaultProxy(server, heedConditions);
        await proxy._listener.StartAsync(TestContext.Current.CancellationToken);
        return proxy;
    }

    /// <summary>Breaks the next requests that begin with this, so many of them.</summary>
    public void Break(string request, Breakage breakage, int times = 1)
    {
        var left = times;
        _breakage = asked => asked.StartsWith(request, StringComparison.Ordinal) && Interlocked.Decrement(ref left) >= 0
            ? breakage
            : null;
    }

    /// <summary>Breaks one request of so many, in each of these ways in turn.</summary>
    public void BreakEvery(int requests, params Breakage[] breakages)
    {
        var count = 0;
        _breakage = _ => Interlocked.Increment(ref count) is var number && number % requests == 0
            ? breakages[number / requests % breakages.Length]
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listener.DisposeAsync();
        _client.Dispose();
        _writing.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        try
        {
            var asked = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
            _seen.Enqueue(asked);
            var breakage = _breakage(asked);
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, _stop.Token);
            if (breakage?.Stall == true)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
            }

            if (breakage?.Status is { } status)
            {
                await AnswerAsync(context, status, breakage.Code);
                return;
            }

            await _writing.WaitAsync(_stop.Token);
            try
            {
                await PassAsync(context, body.ToArray(), breakage);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException)
        {
            context.Abort();
        }
    }

    private async Task PassAsync(HttpContext context, byte[] body, Breakage? breakage)
    {
        var path = context.Request.Path.Value!;
        if (HeedConditions && context.Request.Method == "PUT" && !Holds(context.Request, path))
        {
            await AnswerAsync(context, 412, "PreconditionFailed");
            return;
        }

        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), new Uri(_server, path + context.Request.QueryString));
        request.Content = new ByteArrayContent(body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!))
            {
                request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!);
            }
        }

        using var answer = await _client.SendAsync(request, _stop.Token);
        Remember(context.Request.Method, path, answer);
        if (breakage?.LoseAnswer == true)
        {
            context.Abort();
            return;
        }

        await ForwardAsync(context, answer, breakage);
    }

    private async Task ForwardAsync(HttpContext context, HttpResponseMessage answer, Breakage? breakage)
    {
        var content = await answer.Content.ReadAsByteArrayAsync(_stop.Token);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers))
        {
            if (header.Key is not ("Content-Length" or "Transfer-Encoding" or "Connection" or "Keep-Alive" or "Date"))
            {
                context.Response.Headers[header.Key] = header.Value.ToArray();
            }
        }

        var sent = content.AsMemory();
        if (breakage?.CutAfter is { } cut && cut < content.Length)
        {
            sent = sent[..cut];
        }

        if (context.Response.StatusCode is not (204 or 304))
        {
            context.Response.ContentLength = breakage?.LieAboutLength == true ? sent.Length : content.Length;
        }

        await context.Response.Body.WriteAsync(sent, _stop.Token);
        await context.Response.Body.FlushAsync(_stop.Token);
        if (sent.Length < content.Length && breakage?.LieAboutLength != true)
        {
            context.Abort();
        }
    }

    private bool Holds(HttpRequest request, string path)
    {
        _versions.TryGetValue(path, out var version);
        return (request.Headers.IfNoneMatch.Count == 0 || version is null)
            && (request.Headers.IfMatch.Count == 0 || request.Headers.IfMatch[0]!.Trim('"') == version?.Trim('"'));
    }

    private void Remember(string method, string path, HttpResponseMessage answer)
    {
        if (method == "PUT" && answer.IsSuccessStatusCode && answer.Headers.ETag is { } version)
        {
            _versions[path] = version.Tag;
        }
        else if (method == "DELETE")
        {
            _versions.TryRemove(path, out _);
        }
    }

    private async Task AnswerAsync(HttpContext context, int status, string code)
    {
        var body = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>broken</Message></Error>");
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        await context.Response.Body.WriteAsync(body, _stop.Token);
    }
}
