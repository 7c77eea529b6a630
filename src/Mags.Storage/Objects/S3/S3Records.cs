using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace Mags.Storage.Objects.S3;

/// <summary>Small objects of a bucket that are written on a condition, where it heeds conditions. Keys have the prefix.</summary>
internal sealed class S3Records : IDisposable
{
    private readonly S3Requests _requests;
    private readonly string _bucket;
    private readonly Func<AmazonS3Client> _client;
    private readonly SemaphoreSlim _probing = new(1);
    private bool? _conditional;

    public S3Records(S3Requests requests, string bucket, Func<AmazonS3Client> client)
    {
        _requests = requests;
        _bucket = bucket;
        _client = client;
    }

    public Task<StoredRecord?> ReadAsync(string key, CancellationToken cancellationToken) => _requests.RunAsync(
        0,
        async (_, token) =>
        {
            try
            {
                using var answer = await _client().GetObjectAsync(_bucket, key, token);
                using var content = new MemoryStream();
                await answer.ResponseStream.CopyToAsync(content, token);
                return content.Length == answer.ContentLength && answer.ETag is not null
                    ? new StoredRecord(content.ToArray(), answer.ETag)
                    : throw new IOException("an answer ended early");
            }
            catch (AmazonS3Exception exception) when (exception.ErrorCode == "NoSuchKey")
            {
                return null;
            }
        },
        cancellationToken);

    public async Task<string?> WriteAsync(
        string key, ReadOnlyMemory<byte> content, string? version, string probes, CancellationToken cancellationToken)
    {
        var conditional = await ConditionalWritesAsync(probes, cancellationToken);
        return await _requests.RunAsync(
            content.Length,
            async (_, token) => conditional
                ? await WriteAsync(key, content, version, token)
                : await PutAsync(key, content, _ => { }, token),
            cancellationToken);
    }

    /// <summary>Tries conditions out on a scratch object, once.</summary>
    public async Task<bool> ConditionalWritesAsync(string probes, CancellationToken cancellationToken)
    {
        if (_conditional is { } known)
        {
            return known;
        }

        await _probing.WaitAsync(cancellationToken);
        try
        {
            return _conditional ??= await ProbeAsync($"{probes}{Guid.NewGuid():N}", cancellationToken);
        }
        finally
        {
            _probing.Release();
        }
    }

    public void Dispose() => _probing.Dispose();

    private Task<bool> ProbeAsync(string key, CancellationToken cancellationToken) => _requests.RunAsync(
        0,
        async (_, token) =>
        {
            try
            {
                await PutAsync(key, "1"u8.ToArray(), _ => { }, token);
                var heeds = await RefusesAsync(key, put => put.IfNoneMatch = "*", token)
                    && await RefusesAsync(key, put => put.IfMatch = "\"00000000000000000000000000000000\"", token);
                if (!heeds)
                {
                    return false;
                }

                // One that refuses every condition would never let a record be written.
                var version = await PutAsync(key, "2"u8.ToArray(), _ => { }, token);
                return !await RefusesAsync(key, put => put.IfMatch = version, token);
            }
            finally
            {
                await _client().DeleteObjectAsync(_bucket, key, token);
            }
        },
        cancellationToken);

    private async Task<bool> RefusesAsync(string key, Action<PutObjectRequest> condition, CancellationToken cancellationToken)
    {
        try
        {
            await PutAsync(key, "3"u8.ToArray(), condition, cancellationToken);
            return false;
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return true;
        }
        catch (AmazonS3Exception exception)
            when (exception.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest)
        {
            // It does not know the condition at all.
            return false;
        }
    }

    private async Task<string?> WriteAsync(
        string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken)
    {
        try
        {
            return await PutAsync(
                key,
                content,
                put =>
                {
                    put.IfMatch = version;
                    put.IfNoneMatch = version is null ? "*" : null;
                },
                cancellationToken);
        }
        catch (AmazonS3Exception exception)
            when (exception.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound
                && exception.ErrorCode != "NoSuchBucket")
        {
            // A try before, ours or one that the HTTP client makes by itself on a closed connection, may have been carried
            // out and only its answer lost: then this is our own content.
            var there = await ReadAsync(key, cancellationToken);
            return there is not null && there.Content.Span.SequenceEqual(content.Span) ? there.Version : null;
        }
    }

    private async Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> content, Action<PutObjectRequest> condition, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content.ToArray());
        var request = new PutObjectRequest
        {
            BucketName = _bucket,
            Key = key,
            InputStream = stream,
            UseChunkEncoding = false,
        };
        condition(request);
        var answer = await _client().PutObjectAsync(request, cancellationToken);
        return answer.ETag ?? throw new IOException("an answer has no version");
    }
}
