namespace Mags.Contracts.Errors;

/// <summary>Body of every error.</summary>
public sealed record ErrorResponse
{
    /// <summary>What went wrong, and what to do.</summary>
    public required string Error { get; init; }

    /// <summary>A stable word for programs; one of <see cref="ErrorCodes"/>.</summary>
    public required string Code { get; init; }
}
