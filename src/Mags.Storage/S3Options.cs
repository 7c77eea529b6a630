using System.ComponentModel.DataAnnotations;

namespace Mags.Storage;

/// <summary>
/// A bucket of S3 or of anything that speaks it. Credentials are no setting: they come from where AWS' tools find them
/// (<c>AWS_ACCESS_KEY_ID</c> and <c>AWS_SECRET_ACCESS_KEY</c>, a profile, a role of the machine).
/// </summary>
public sealed class S3Options : IValidatableObject
{
    /// <summary>URL of the service, for example <c>http://minio:9000</c>; empty (default) for AWS in <see cref="Region"/>.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>Region that requests are signed for. Default <c>us-east-1</c>, which other services mostly take.</summary>
    [Required]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Name of the bucket, which must exist; no default.</summary>
    public string Bucket { get; set; } = "";

    /// <summary>
    /// Beginning of all keys in the bucket, for a bucket that others use too, for example <c>mags</c>. Default none.
    /// </summary>
    [RegularExpression("^[a-zA-Z0-9._-]+(/[a-zA-Z0-9._-]+)*/?$")]
    public string? Prefix { get; set; }

    /// <summary>
    /// Whether the bucket is in the path rather than in the host's name. Default: yes when <see cref="Endpoint"/> is set.
    /// </summary>
    public bool? PathStyle { get; set; }

    /// <summary>
    /// How long a request may go without an answer, or an answer without a byte, before it is tried again. Default 30 s.
    /// Sending an object has as long again for each MiB.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often a request that failed is tried again, with waits that double from <see cref="RetryDelay"/>. Default 5.
    /// </summary>
    [Range(0, 20)]
    public int Retries { get; set; } = 5;

    /// <summary>First wait before a retry; half of it and more is by chance. Default 0.2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether the endpoint is a URL.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoint.Length > 0
            && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            yield return new ValidationResult("Endpoint: a URL is needed, as http://HOST:PORT.", [nameof(Endpoint)]);
        }
    }
}
