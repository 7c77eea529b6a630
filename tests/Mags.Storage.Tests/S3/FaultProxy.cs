using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mags.Storage.Tests.S3;

/// <summary>
/// Stands before an S3 server: passes requests on, breaks those that a test chose, and heeds conditions of writes, which
/// the server behind does not.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly ConcurrentDictionary<string, string> _versions = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentQueue<string> _seen = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _server;
    private readonly Task _accepting;
    private Func<string, Breakage?> _breakage = _ => null;

    public FaultProxy(Uri server, bool heedConditions)
    {
        _server = server;
        HeedConditions = heedConditions;
        var port = FreePort();
        Address = new Uri($"http://127.0.0.1:{port}");
        _listener.Prefixes.Add($"{Address}");
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    public bool HeedConditions { get; set; }

    /// <summary>Requests so far, as <c>METHOD path</c>.</summary>
    public IReadOnlyCollection<string> Seen => _seen;

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
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_running.Keys);
        _listener.Close();
        _client.Dispose();
        _writing.Dispose();
        _stop.Dispose();
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                var work = ServeAsync(context);
                _running.TryAdd(work, true);
                _ = work.ContinueWith(done => _running.TryRemove(done, out var _), TaskScheduler.Default);
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        try
        {
            var asked = $"{context.Request.HttpMethod} {context.Request.Url!.PathAndQuery}";
            _seen.Enqueue(asked);
            var breakage = _breakage(asked);
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body, _stop.Token);
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
        catch (Exception exception) when (exception is OperationCanceledException or HttpListenerException
            or IOException or ObjectDisposedException or HttpRequestException)
        {
            context.Response.Abort();
        }
    }

    private async Task PassAsync(HttpListenerContext context, byte[] body, Breakage? breakage)
    {
        var path = context.Request.Url!.AbsolutePath;
        if (HeedConditions && context.Request.HttpMethod == "PUT" && !Holds(context.Request, path))
        {
            await AnswerAsync(context, 412, "PreconditionFailed");
            return;
        }

        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.HttpMethod), new Uri(_server, context.Request.RawUrl));
        request.Content = new ByteArrayContent(body);
        foreach (var name in context.Request.Headers.AllKeys.OfType<string>())
        {
            if (!request.Headers.TryAddWithoutValidation(name, context.Request.Headers[name]))
            {
                request.Content.Headers.TryAddWithoutValidation(name, context.Request.Headers[name]);
            }
        }

        using var answer = await _client.SendAsync(request, _stop.Token);
        Remember(context.Request.HttpMethod, path, answer);
        if (breakage?.LoseAnswer == true)
        {
            context.Response.Abort();
            return;
        }

        await ForwardAsync(context, answer, breakage);
    }

    private async Task ForwardAsync(HttpListenerContext context, HttpResponseMessage answer, Breakage? breakage)
    {
        var content = await answer.Content.ReadAsByteArrayAsync(_stop.Token);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers))
        {
            if (header.Key is not ("Content-Length" or "Transfer-Encoding" or "Connection" or "Keep-Alive" or "Date"))
            {
                context.Response.Headers[header.Key] = string.Join(", ", header.Value);
            }
        }

        var sent = content.AsMemory();
        if (breakage?.CutAfter is { } cut && cut < content.Length)
        {
            sent = sent[..cut];
        }

        context.Response.ContentLength64 = breakage?.LieAboutLength == true ? sent.Length : content.Length;
        await context.Response.OutputStream.WriteAsync(sent, _stop.Token);
        await context.Response.OutputStream.FlushAsync(_stop.Token);
        if (sent.Length < context.Response.ContentLength64)
        {
            context.Response.Abort();
        }
        else
        {
            context.Response.Close();
        }
    }

    private bool Holds(HttpListenerRequest request, string path)
    {
        _versions.TryGetValue(path, out var version);
        return (request.Headers["If-None-Match"] is null || version is null)
            && (request.Headers["If-Match"] is not { } wanted || wanted.Trim('"') == version?.Trim('"'));
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

    private async Task AnswerAsync(HttpListenerContext context, int status, string code)
    {
        var body = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>broken</Message></Error>");
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        await context.Response.OutputStream.WriteAsync(body, _stop.Token);
        context.Response.Close();
    }
}
