namespace Mags.Protocol;

/// <summary>The one version number of the host-guest protocol.</summary>
/// <remarks>
/// A guest is frozen in a template or a sleeping sandbox while the host is upgraded, so both sides say their generation
/// and the lower one is spoken. Raised with every change of behaviour; see docs/compatibility.md.
/// </remarks>
public static class ProtocolGeneration
{
    /// <summary>The generation that this build speaks.</summary>
    public const uint Current = 6;

    /// <summary>The oldest guest generation that this host still drives.</summary>
    public const uint OldestGuest = 6;
}
