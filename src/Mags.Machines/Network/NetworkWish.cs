namespace Mags.Machines.Network;

/// <summary>Whether a machine is to have a network.</summary>
public enum NetworkWish
{
    /// <summary>None at all.</summary>
    None,

    /// <summary>One if this host can give it.</summary>
    IfPossible,

    /// <summary>One, or no machine.</summary>
    Required,
}
