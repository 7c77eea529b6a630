namespace Mags.Agent.Boot;

/// <summary>How far a machine has come; it never goes back.</summary>
internal enum MachineState
{
    /// <summary>As it was saved.</summary>
    Template,

    /// <summary>A scratch disk is mounted and processes run on it.</summary>
    Rehearsing,

    /// <summary>The scratch disk is unmounted again; the sandbox's own will take its place.</summary>
    Rehearsed,

    /// <summary>The sandbox's own disk is mounted; it waits for its identity.</summary>
    Prepared,

    /// <summary>It is a sandbox.</summary>
    Claimed,

    /// <summary>Its disk is written out and frozen; only its end can follow.</summary>
    Sealed,
}
