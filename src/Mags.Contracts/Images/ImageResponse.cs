namespace Mags.Contracts.Images;

/// <summary>An image that sandboxes can start from.</summary>
public sealed record ImageResponse
{
    /// <summary>Name, as in a job's <c>image</c>.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the squashfs, as <c>sha256:HEX</c>.</summary>
    public required string Digest { get; init; }

    /// <summary>Size of the squashfs in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>When it was built.</summary>
    public required DateTimeOffset BuiltAt { get; init; }

    /// <summary>How long the build took, in seconds.</summary>
    public required double BuildSeconds { get; init; }

    /// <summary>Whether it is the one used when a job names none.</summary>
    public required bool Default { get; init; }
}
