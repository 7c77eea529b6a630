using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mags.Client.Errors;
using Mags.Contracts;

namespace Mags.Client.Http;

/// <summary>One call: address, token, time-out, and every failure as <see cref="MagsApiException"/>.</summary>
internal sealed class MagsHttp : IDisposable
{
    private static readonly MediaTypeHeaderValue _json = new("application/json");

    private readonly HttpClient _http;
    private readonly SocketsHttpHandler? _ownHandler;
    private readonly MagsClientOptions _options;

    public MagsHttp(HttpClient? http, MagsClientOptions options)
    {
        _options = options;
        BaseUri = ApiUri(options.BaseUrl);
        if (http is null)
        {
            _ownHandler = new SocketsHttpHandler
            {
                ConnectCallback = KeptAliveConnection.OpenAsync,
                UseCookies = false,
                // A proxy named in the environment can only lead away from a server on this machine.
                UseProxy = !BaseUri.IsLoopback,
            };
            http = new HttpClient(_ownHandler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        }

        _http = http;
    }

    /// <summary>The API's root, with a slash at its end.</summary>
    public Uri BaseUri { get; }

    public HttpRequestMessage NewRequest(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(BaseUri, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Token);
        return request;
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        CallAsync(() => NewRequest(HttpMethod.Get, path), type, cancellationToken);

    public Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        CallAsync(() => NewRequest(HttpMethod.Delete, path), type, cancellationToken);

    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        CallAsync(() => NewRequest(HttpMethod.Post, path), type, cancellationToken);

    public Task<T> PostAsync<TBody, T>(
        string path,
        TBody body,
        JsonTypeInfo<TBody> bodyType,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, bodyType, type, cancellationToken);

    public Task<T> PatchAsync<TBody, T>(
        string path,
        TBody body,
        JsonTypeInfo<TBody> bodyType,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, path, body, bodyType, type, cancellationToken);

    /// <summary>Sends a content that may take any time, as long as it gets on: each piece has the whole time-out anew.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="newContent">Makes the content; it calls what it is given at each piece.</param>
    /// <param name="type">Type of the answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<T> UploadAsync<T>(
        string path, Func<Action, HttpContent> newContent, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _options.TimeProvider);
        return await CallAsync(NewUpload, type, timeout, cancellationToken);

        HttpRequestMessage NewUpload()
        {
            var request = NewRequest(HttpMethod.Post, path);
            // A refusal that needs no byte of it comes before the first one is sent.
            request.Headers.ExpectContinue = true;
            request.Content = newContent(() => timeout.CancelAfter(_options.Timeout));
            return request;
        }
    }

    /// <summary>The answer's head; only that is under the time-out, its body may take for ever.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="limit">Time-out; null for the client's own.</param>
    public async Task<HttpResponseMessage> SendStreamingAsync(
        HttpRequestMessage request, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        using var timeout = new CancellationTokenSource(limit ?? _options.Timeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (!response.IsSuccessStatusCode)
            {
                using (response)
                {
                    throw await RefusalAsync(response, either.Token);
                }
            }

            return response;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw NetworkErrors.TimedOut(BaseUri, _options.Timeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw NetworkErrors.Unreachable(BaseUri, e);
        }
    }

    public MagsApiException Unreachable(Exception cause) => NetworkErrors.Unreachable(BaseUri, cause);

    public MagsApiException UnexpectedAnswer(string what, Exception? cause = null) => new(
        null,
        ClientErrorCodes.UnexpectedAnswer,
        $"{NetworkErrors.Name(BaseUri)} does not answer as a Mags server does: {what}",
        cause);

    public void Dispose()
    {
        if (_ownHandler is not null)
        {
            _http.Dispose();
            _ownHandler.Dispose();
        }
    }

    private Task<T> SendAsync<TBody, T>(
        HttpMethod method,
        string path,
        TBody body,
        JsonTypeInfo<TBody> bodyType,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken)
    {
        return CallAsync(
            () =>
            {
                var request = NewRequest(method, path);
                // Whole, with its length: not every proxy passes on a chunked request.
                request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, bodyType));
                request.Content.Headers.ContentType = _json;
                return request;
            },
            type,
            cancellationToken);
    }

    private async Task<T> CallAsync<T>(
        Func<HttpRequestMessage> newRequest, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _options.TimeProvider);
        return await CallAsync(newRequest, type, timeout, cancellationToken);
    }

    private async Task<T> CallAsync<T>(
        Func<HttpRequestMessage> newRequest,
        JsonTypeInfo<T> type,
        CancellationTokenSource timeout,
        CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var request = newRequest();
            using var response = await _http.SendAsync(request, either.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusalAsync(response, either.Token);
            }

            return await response.Content.ReadFromJsonAsync(type, either.Token)
                ?? throw UnexpectedAnswer("its answer is empty");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw NetworkErrors.TimedOut(BaseUri, _options.Timeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw NetworkErrors.Unreachable(BaseUri, e);
        }
        catch (JsonException e)
        {
            throw UnexpectedAnswer("its answer cannot be read", e);
        }
    }

    private async Task<MagsApiException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var body = await response.Content.ReadFromJsonAsync(
                MagsJsonContext.Default.ErrorResponse, cancellationToken);
            if (body is not null)
            {
                return new MagsApiException(response.StatusCode, body.Code, body.Error);
            }
        }
        catch (JsonException)
        {
            // A proxy's page, or no Mags server at all: the status is all there is to tell.
        }

        return new MagsApiException(
            response.StatusCode,
            ClientErrorCodes.UnexpectedAnswer,
            FormattableString.Invariant(
                $"{NetworkErrors.Name(BaseUri)} answered {(int)response.StatusCode} {response.ReasonPhrase}"));
    }

    private static Uri ApiUri(string baseUrl)
    {
        if (!Uri.TryCreate(baseUrl, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"'{baseUrl}' is no http:// or https:// address", nameof(baseUrl));
        }

        var root = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var hasVersion = root.EndsWith("/api/v1", StringComparison.Ordinal)
            || root.EndsWith("/api/v2", StringComparison.Ordinal);
        return new Uri(hasVersion ? root + "/" : root + "/api/v1/");
    }
}
