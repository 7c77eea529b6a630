namespace Mags.Contracts.Images;

/// <summary>Answer of <c>GET /mags-images</c>, by name.</summary>
public sealed record ImageListResponse
{
    /// <summary>The images.</summary>
    public required IReadOnlyList<ImageResponse> Images { get; init; }

    /// <summary>How many there are.</summary>
    public required int Total { get; init; }
}
