namespace Mags.Contracts.Workspaces;

/// <summary>How far a persistent workspace is in the object store.</summary>
public static class SyncStateNames
{
    /// <summary>All that was written is in it.</summary>
    public const string Synced = "synced";

    /// <summary>Something is not in it yet.</summary>
    public const string Pending = "pending";

    /// <summary>Something is not in it, and the last attempt failed; it is tried again.</summary>
    public const string Error = "error";
}
