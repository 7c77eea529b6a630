using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Mags.Client.Errors;
using Mags.Client.Http;
using Mags.Contracts;

namespace Mags.Client.Jobs;

/// <summary>
/// Reads a job's log as server-sent events up to its <c>end</c>. A stream that breaks before it is dialled again from
/// the last line seen, so that nothing is lost or repeated. One that could not be opened at all fails at once.
/// </summary>
internal sealed class LogFollower(MagsHttp http, string job, long after, MagsClientOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan _firstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestDelay = TimeSpan.FromSeconds(5);

    private long _lastSeq = after;
    private bool _sawAny;
    private bool _opened;
    private HttpResponseMessage? _response;
    private IAsyncEnumerator<SseItem<JobLogEvent?>>? _events;
    private MagsApiException? _broken;
    private long _brokenSince;
    private TimeSpan _delay = _firstDelay;

    /// <summary>The next line or the end. Not to be called again after the end.</summary>
    public async Task<JobLogEvent> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                _events ??= await OpenAsync(cancellationToken);
                if (await ReadAsync(_events) is { } next)
                {
                    _broken = null;
                    _delay = _firstDelay;
                    return next;
                }

                throw NetworkErrors.Unreachable(http.BaseUri, new IOException());
            }
            catch (MagsApiException e) when (_opened && e.IsTransient)
            {
                await CloseAsync();
                await WaitAsync(e, cancellationToken);
            }
        }
    }

    public ValueTask DisposeAsync() => CloseAsync();

    private async Task<IAsyncEnumerator<SseItem<JobLogEvent?>>> OpenAsync(CancellationToken cancellationToken)
    {
        using var request = http.NewRequest(HttpMethod.Get, Path());
        if (_sawAny)
        {
            request.Headers.Add("Last-Event-ID", Invariant(_lastSeq));
        }

        _response = await http.SendStreamingAsync(request, cancellationToken);
        _opened = true;
        if (_response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            throw http.UnexpectedAnswer("the log is no event stream");
        }

        var stream = await _response.Content.ReadAsStreamAsync(cancellationToken);
        return SseParser.Create(stream, Parse).EnumerateAsync(cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
    }

    private string Path()
    {
        var path = $"mags-jobs/{Uri.EscapeDataString(job)}/logs?follow=true";
        return _sawAny || _lastSeq == 0 ? path : $"{path}&after={Invariant(_lastSeq)}";
    }

    /// <summary>Null at the end of the stream. Unknown events, and lines already seen, are passed over.</summary>
    private async Task<JobLogEvent?> ReadAsync(IAsyncEnumerator<SseItem<JobLogEvent?>> events)
    {
        try
        {
            while (await events.MoveNextAsync())
            {
                var next = events.Current.Data;
                if (next?.Entry is { } entry)
                {
                    if (entry.Seq <= _lastSeq)
                    {
                        continue;
                    }

                    _lastSeq = entry.Seq;
                    _sawAny = true;
                }

                if (next is not null)
                {
                    return next;
                }
            }

            return null;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw NetworkErrors.Unreachable(http.BaseUri, e);
        }
        catch (JsonException e)
        {
            throw http.UnexpectedAnswer("a log event cannot be read", e);
        }
    }

    private static JobLogEvent? Parse(string type, ReadOnlySpan<byte> data) => type switch
    {
        "log" => JsonSerializer.Deserialize(data, MagsJsonContext.Default.LogEntry) is { } entry
            ? JobLogEvent.Of(entry)
            : null,
        "end" => JsonSerializer.Deserialize(data, MagsJsonContext.Default.JobEnd) is { } end
            ? JobLogEvent.Of(end)
            : null,
        _ => null,
    };

    private async Task WaitAsync(MagsApiException reason, CancellationToken cancellationToken)
    {
        var time = options.TimeProvider;
        if (_broken is null)
        {
            _brokenSince = time.GetTimestamp();
        }

        _broken = reason;
        if (time.GetElapsedTime(_brokenSince) >= options.ReconnectTimeout)
        {
            throw reason;
        }

        await Task.Delay(_delay, time, cancellationToken);
        _delay = _delay * 2 < _longestDelay ? _delay * 2 : _longestDelay;
    }

    private async ValueTask CloseAsync()
    {
        if (_events is not null)
        {
            await _events.DisposeAsync();
            _events = null;
        }

        _response?.Dispose();
        _response = null;
    }

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);
}
