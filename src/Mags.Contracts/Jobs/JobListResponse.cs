namespace Mags.Contracts.Jobs;

/// <summary>Answer of <c>GET /mags-jobs</c>, newest first.</summary>
public sealed record JobListResponse
{
    /// <summary>The jobs of this page; empty past the end.</summary>
    public required IReadOnlyList<JobResponse> Jobs { get; init; }

    /// <summary>How many jobs there are in all.</summary>
    public required int Total { get; init; }

    /// <summary>The page, from 1.</summary>
    public required int Page { get; init; }

    /// <summary>Jobs per page, at most 100.</summary>
    public required int PageSize { get; init; }
}
