using Mags.Client;

namespace Mags.Bench.Durability;

/// <summary>
/// A fork of a workspace that was being written to. It starts from what was sealed last, so all that was acknowledged before
/// the sync that its base showed is in it; of what was acknowledged later, it has what was sealed meanwhile.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="origin">What it was made from.</param>
/// <param name="sealedAt">The newest sync that its origin showed before it was asked for; null when none.</param>
/// <param name="isFresh">Whether it was asked for as soon as that was told.</param>
internal sealed class WorkspaceFork(string name, WorkspaceModel origin, DateTimeOffset? sealedAt, bool isFresh)
{
    public string Name => name;

    public WorkspaceModel Origin => origin;

    /// <summary>Whether anything is certain to be in it.</summary>
    public bool IsSealed => sealedAt is not null;

    /// <summary>Whether it was asked for as soon as that was told.</summary>
    public bool IsFresh => isFresh;

    /// <summary>Reads all of it in a guest.</summary>
    /// <param name="client">The server.</param>
    /// <param name="asBase">Whether a job starts from it as from a base, rather than in it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<CheckResult> CheckAsync(MagsClient client, bool asBase, CancellationToken cancellationToken)
    {
        var acknowledged = origin.AcknowledgedBefore(sealedAt ?? DateTimeOffset.MinValue);
        var request = GuestCheck.Request(GuestPrograms.Check, origin.Name, acknowledged);
        return GuestCheck.RunAsync(
            client,
            asBase ? request with { BaseWorkspaceId = name } : request with { WorkspaceId = name },
            $"fork {name} of {origin.Name}, {acknowledged} acknowledged before it",
            cancellationToken);
    }
}
