namespace Mags.Storage.Tests.S3;

/// <summary>How <see cref="FaultProxy"/> breaks a request.</summary>
internal sealed record Breakage
{
    /// <summary>Answers this instead of passing it on.</summary>
    public int? Status { get; init; }

    /// <summary>The error's code in that answer.</summary>
    public string Code { get; init; } = "InternalError";

    /// <summary>Never answers.</summary>
    public bool Stall { get; init; }

    /// <summary>Passes it on, and cuts the connection instead of answering.</summary>
    public bool LoseAnswer { get; init; }

    /// <summary>Cuts the answer's body after so many bytes.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Claims that what was left by the cut is all there is.</summary>
    public bool LieAboutLength { get; init; }
}
