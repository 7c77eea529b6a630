namespace Mags.Bench.Durability;

/// <summary>What rounds of kills showed.</summary>
internal sealed class DurabilityResult
{
    /// <summary>What each round did, in a sentence.</summary>
    public List<string> Rounds { get; } = [];

    /// <summary>Steps that guests said to have flushed.</summary>
    public int Flushes { get; set; }

    /// <summary>Syncs that the server told of.</summary>
    public int Syncs { get; set; }

    /// <summary>How often a fork was read back.</summary>
    public int Forks { get; set; }

    /// <summary>What was flushed and is not there.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>What was synced and is not in the object store.</summary>
    public List<string> Unreadable { get; } = [];

    /// <summary>File systems that are not clean.</summary>
    public List<string> Unclean { get; } = [];

    /// <summary>What nothing needs any more and is there nevertheless.</summary>
    public List<string> Orphans { get; } = [];

    /// <summary>All of what was not as promised.</summary>
    public IEnumerable<string> Faults => [.. Lost, .. Unreadable, .. Unclean, .. Orphans];
}
