using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Mags.Storage.Objects.S3;

/// <summary>An object store in a bucket of S3, or of a service that speaks it.</summary>
internal sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private readonly S3Options _options;
    private readonly S3Fault _fault;
    private readonly S3Requests _requests;
    private readonly S3Records _records;
    private readonly Lazy<AmazonS3Client> _client;
    private readonly string _prefix;

    /// <param name="options">Which bucket.</param>
    /// <param name="credentials">Null to look where AWS' tools do, at the first request.</param>
    /// <param name="time">For waits and time limits.</param>
    public S3ObjectStore(S3Options options, AWSCredentials? credentials, TimeProvider time)
    {
        _options = options;
        _fault = new S3Fault(options);
        _requests = new S3Requests(options, _fault, time);
        _prefix = string.IsNullOrEmpty(options.Prefix) ? "" : options.Prefix.TrimEnd('/') + "/";
        _client = new Lazy<AmazonS3Client>(() => Connect(credentials));
        _records = new S3Records(_requests, options.Bucket, () => _client.Value);
    }

    public string Location => _fault.Location;

    public async Task PutAsync(string key, Stream content, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        await _requests.RunAsync(
            content.Length,
            async (_, token) =>
            {
                content.Position = 0;
                var answer = await _client.Value.PutObjectAsync(
                    new PutObjectRequest
                    {
                        BucketName = _options.Bucket,
                        Key = _prefix + key,
                        InputStream = content,
                        AutoCloseStream = false,
                        UseChunkEncoding = false,
                    },
                    token);
                return answer.ETag ?? throw new IOException("an answer has no version");
            },
            cancellationToken);
    }

    public async Task<Stream?> OpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);

        // A range of nothing cannot be asked for.
        var asked = length == 0 ? 1 : length;
        var answer = await _requests.RunAsync(0, (_, token) => GetAsync(key, offset, asked, null, token), cancellationToken);
        if (answer is null)
        {
            return null;
        }

        if (length == 0 || answer.HttpStatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            answer.Dispose();
            return Stream.Null;
        }

        return new S3ReadStream(
            answer,
            answer.ContentLength,
            _requests,
            _fault,
            (from, version, token) => _requests.RunAsync(
                0,
                async (_, late) => await GetAsync(
                    key, offset + from, answer.ContentLength - from, version, late)
                    ?? throw new ObjectStoreException(
                        ObjectStoreFault.Missing, $"{key} was deleted from {Location} while it was read"),
                token));
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        await _requests.RunAsync(
            0,
            async (_, token) =>
            {
                try
                {
                    await _client.Value.DeleteObjectAsync(_options.Bucket, _prefix + key, token);
                }
                catch (AmazonS3Exception exception) when (exception.ErrorCode == "NoSuchKey")
                {
                    // Some services say so instead of nothing.
                }

                return true;
            },
            cancellationToken);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.CheckPrefix(prefix);
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = _prefix + prefix };
        do
        {
            var page = await _requests.RunAsync(
                0, (_, token) => _client.Value.ListObjectsV2Async(request, token), cancellationToken);
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new StoredObject(
                    item.Key[_prefix.Length..],
                    item.Size ?? 0,
                    new DateTimeOffset((item.LastModified ?? default).ToUniversalTime(), TimeSpan.Zero));
            }

            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    public Task<StoredRecord?> ReadRecordAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        return _records.ReadAsync(_prefix + key, cancellationToken);
    }

    public Task<string?> WriteRecordAsync(
        string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        return _records.WriteAsync(_prefix + key, content, version, ProbeKey, cancellationToken);
    }

    public Task<bool> ConditionalWrites(CancellationToken cancellationToken) =>
        _records.ConditionalWritesAsync(ProbeKey, cancellationToken);

    public void Dispose()
    {
        _records.Dispose();
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private string ProbeKey => _prefix + "probe/";

    private AmazonS3Client Connect(AWSCredentials? credentials)
    {
        var config = new AmazonS3Config
        {
            AuthenticationRegion = _options.Region,
            ForcePathStyle = _options.PathStyle ?? _options.Endpoint.Length > 0,

            // Newer checksums are not understood by all that speak S3; the signature covers the content's SHA-256.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,

            // Tries and their times are counted here alone.
            MaxErrorRetry = 0,
            MaxStaleConnectionRetries = 0,
            Timeout = Timeout.InfiniteTimeSpan,
            AllowAutoRedirect = false,
        };
        if (_options.Endpoint.Length > 0)
        {
            config.ServiceURL = _options.Endpoint;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(_options.Region);
        }

        return credentials is null ? new AmazonS3Client(config) : new AmazonS3Client(credentials, config);
    }

    // Null when there is no such object.
    private async Task<GetObjectResponse?> GetAsync(
        string key, long offset, long? length, string? version, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = _options.Bucket, Key = _prefix + key, EtagToMatch = version };
        var ranged = offset > 0 || length is not null;
        if (ranged)
        {
            var last = length is { } count ? (offset + count - 1).ToString(CultureInfo.InvariantCulture) : "";
            request.ByteRange = new ByteRange(string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-{last}"));
        }

        GetObjectResponse answer;
        try
        {
            answer = await _client.Value.GetObjectAsync(request, cancellationToken);
        }
        catch (AmazonS3Exception exception) when (exception.ErrorCode == "NoSuchKey")
        {
            return null;
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return new GetObjectResponse { HttpStatusCode = exception.StatusCode };
        }

        if (answer.ETag is null || (ranged && !IsRange(answer, offset)))
        {
            answer.Dispose();
            throw new IOException("an answer is not what was asked for");
        }

        return answer;
    }

    private static bool IsRange(GetObjectResponse answer, long offset)
    {
        // bytes FIRST-LAST/ALL
        var parts = (answer.ContentRange ?? "").Split([' ', '-', '/']);
        return parts.Length == 4
            && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var first)
            && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var last)
            && first == offset
            && last - first + 1 == answer.ContentLength;
    }
}
