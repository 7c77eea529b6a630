using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Storage;

/// <summary>Where persistent workspaces, images and uploads are kept.</summary>
public sealed class ObjectStoreOptions : IValidatableObject
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "ObjectStore";

    private const string InS3 = "s3";

    /// <summary>
    /// <c>folder</c> (one node, or a file system that all nodes share) or <c>s3</c>. Null or empty, the default, is
    /// <c>s3</c> where a bucket is named, else <c>folder</c>.
    /// </summary>
    [RegularExpression($"^(folder|{InS3})$")]
    public string? Kind { get; set; }

    /// <summary>
    /// The folder, absolute; made when it is not there. Default <c>MAGS_HOME/objects</c>. It has the whole content of
    /// persistent workspaces in it: only the server's user may read it.
    /// </summary>
    public string Folder { get; set; } = "";

    /// <summary>The bucket, where objects are kept in S3.</summary>
    [Required]
    [ValidateObjectMembers]
    public S3Options S3 { get; set; } = new();

    /// <summary>
    /// How many objects are sent or fetched at once by one sync or restore. Default 4. More are faster where the store is far
    /// away; each holds a pack of up to 8 MiB in memory.
    /// </summary>
    [Range(1, 64)]
    public int Parallel { get; set; } = 4;

    /// <summary>
    /// How old an object must be before a sweep may delete it. Default 24 hours. A sync that takes longer fails and is
    /// done again: raise it for slow lines.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "90.00:00:00")]
    public TimeSpan SweepGrace { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Begins with a store that is not the one used before. Default false: then it is refused, as it is most often a disk that
    /// is not mounted or a wrong name. What this node has of its workspaces is sent to it anew; those that only the former
    /// store has cannot be used until that is back.
    /// </summary>
    public bool AcceptOther { get; set; }

    /// <summary>Whether objects are kept in S3 rather than a folder.</summary>
    internal bool IsInS3 => string.IsNullOrEmpty(Kind) ? S3.Bucket.Length > 0 : Kind == InS3;

    /// <summary>Whether what the kind needs is there.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsInS3 && !Path.IsPathFullyQualified(Folder))
        {
            yield return new ValidationResult("Folder: the absolute path of a folder is needed.", [nameof(Folder)]);
        }

        if (IsInS3 && S3.Bucket.Length == 0)
        {
            yield return new ValidationResult("S3:Bucket: the name of a bucket is needed.", [nameof(S3)]);
        }
    }
}
