using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace Mags.Storage.Objects.S3;

/// <summary>What a failed request means: whether it is worth another try, and what to tell whoever runs the store.</summary>
internal sealed class S3Fault
{
    private readonly S3Options _options;

    public S3Fault(S3Options options)
    {
        _options = options;
    }

    /// <summary>Where the store is, in words.</summary>
    public string Location =>
        $"bucket {_options.Bucket}{(string.IsNullOrEmpty(_options.Prefix) ? "" : $" (prefix {_options.Prefix})")} at {Endpoint}";

    private string Endpoint => _options.Endpoint.Length > 0 ? _options.Endpoint : $"AWS {_options.Region}";

    /// <summary>Whether the same request may succeed in a moment.</summary>
    public static bool IsPassing(Exception exception) => exception switch
    {
        AmazonS3Exception answer => IsPassing(answer),
        HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException => true,
        AmazonUnmarshallingException => true,
        AmazonServiceException answer => (int)answer.StatusCode is 0 or >= 500,
        AmazonClientException { InnerException: { } inner } => IsPassing(inner),
        _ => false,
    };

    /// <summary>Whether the exception comes from a request rather than from a fault of ours.</summary>
    public static bool IsOne(Exception exception) => exception is AmazonServiceException or AmazonClientException or HttpRequestException
        or IOException or SocketException or TimeoutException or OperationCanceledException;

    public ObjectStoreException Of(Exception exception) => exception is AmazonS3Exception answer
        ? OfAnswer(answer)
        : exception is AmazonClientException && IsAboutCredentials(exception)
            ? new ObjectStoreException(
                ObjectStoreFault.Denied,
                $"there are no credentials for {Location}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for magsd, or a profile, or give the machine a role",
                exception)
            : Unreachable(exception);

    private static bool IsPassing(AmazonS3Exception answer) =>
        ((int)answer.StatusCode is 0 or 408 or 409 or 429 or >= 500 && answer.StatusCode != HttpStatusCode.NotImplemented && (int)answer.StatusCode != 507)
        || answer.ErrorCode is "RequestTimeout" or "SlowDown" or "ConditionalRequestConflict" or "OperationAborted"
        || (answer.ErrorCode is null or "" && answer.InnerException is not null && IsPassing(answer.InnerException));

    private static bool IsAboutCredentials(Exception exception) =>
        exception.Message.Contains("credential", StringComparison.OrdinalIgnoreCase);

    private ObjectStoreException OfAnswer(AmazonS3Exception answer) => answer switch
    {
        { ErrorCode: "NoSuchBucket" } => new(
            ObjectStoreFault.Missing,
            $"there is no {Location}: make it, or name another (`ObjectStore:S3:Bucket`)",
            answer),
        { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken" or "UnrecognizedClientException" } => new(
            ObjectStoreFault.Denied,
            $"{Location} refuses the credentials ({answer.ErrorCode}): check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile or role, of magsd",
            answer),
        { ErrorCode: "RequestTimeTooSkewed" } => new(
            ObjectStoreFault.Denied,
            $"{Location} refuses requests because this machine's clock is wrong: set it",
            answer),
        { ErrorCode: "PermanentRedirect" or "AuthorizationHeaderMalformed" or "TemporaryRedirect" } => new(
            ObjectStoreFault.Denied,
            $"{Location} is in another region than {_options.Region}: set `ObjectStore:S3:Region` ({answer.Message})",
            answer),
        { ErrorCode: "QuotaExceeded" or "XMinioStorageFull" } or { StatusCode: (HttpStatusCode)507 } => new(
            ObjectStoreFault.Full,
            $"{Location} is full or over its quota ({answer.ErrorCode}): raise it or make room",
            answer),
        { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } => new(
            ObjectStoreFault.Denied,
            $"the credentials may not do this in {Location} ({answer.ErrorCode}): they need to get, put, delete and list objects",
            answer),
        _ => Unreachable(answer),
    };

    private ObjectStoreException Unreachable(Exception exception) => new(
        ObjectStoreFault.Unreachable,
        $"{Location} cannot be reached or does not answer well ({Innermost(exception)}): check `ObjectStore:S3:Endpoint` and the network",
        exception);

    private static string Innermost(Exception exception)
    {
        if (exception is OperationCanceledException)
        {
            return "no answer in time";
        }

        if (exception is AmazonS3Exception { ErrorCode: { Length: > 0 } code } answer)
        {
            return $"{(int)answer.StatusCode} {code}";
        }

        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message.TrimEnd('.');
    }
}
