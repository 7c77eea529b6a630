namespace Mags.Contracts.Jobs;

/// <summary>Answer of <c>POST /mags-jobs</c> (202): the job is durable and will reach a final state.</summary>
public sealed record JobAccepted
{
    /// <summary>The job's id, a UUID.</summary>
    public required string RequestId { get; init; }

    /// <summary>Always <c>accepted</c>.</summary>
    public required string Status { get; init; }

    /// <summary>A sentence for people.</summary>
    public required string Message { get; init; }
}
