namespace Mags.Data.Files;

/// <summary>An uploaded file. Its content is in the object store.</summary>
public sealed class FileRow
{
    /// <summary>Its id, the <c>file_id</c> of the API.</summary>
    public required Guid Id { get; set; }

    /// <summary>Whose it is.</summary>
    public required Guid UserId { get; set; }

    /// <summary>Its plain name.</summary>
    public required string Name { get; set; }

    /// <summary>Size of its content.</summary>
    public required long Bytes { get; set; }

    /// <summary>SHA-256 of its content.</summary>
    public required byte[] Sha256 { get; set; }

    /// <summary>When it was uploaded.</summary>
    public required DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it was uploaded, or a job last asked for it.</summary>
    public required DateTimeOffset LastUsedAt { get; set; }
}
