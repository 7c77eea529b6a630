namespace Mags.Contracts;

/// <summary>Answer of every DELETE and action (200).</summary>
public sealed record ActionResponse
{
    /// <summary>Always true: a failure is an <see cref="Errors.ErrorResponse"/>.</summary>
    public required bool Success { get; init; }

    /// <summary>A sentence for people.</summary>
    public required string Message { get; init; }
}
