namespace Mags.Storage.Snapshots;

/// <summary>What a sweep is told by the one whose database it is.</summary>
public sealed record SweepWish
{
    /// <summary>Id of the database. Heads of others are left alone, and all that they name.</summary>
    public required Guid Writer { get; init; }

    /// <summary>
    /// Whether the workspace of one of our heads still exists; asked at the moment, so that a new one is never taken for
    /// one that is gone.
    /// </summary>
    public required Func<WorkspaceHead, CancellationToken, Task<bool>> IsAlive { get; init; }

    /// <summary>Snapshots that are wanted beside those that heads name: of forks that have no head of their own.</summary>
    public IReadOnlyCollection<string> Snapshots { get; init; } = [];

    /// <summary>Digests of images that are wanted beside those that heads name.</summary>
    public IReadOnlyCollection<string> Images { get; init; } = [];

    /// <summary>
    /// Beginning of the keys of our other objects, <c>files/…/</c>, which <see cref="Keys"/> lists; null to leave them
    /// alone. Where several databases share a store it has to be this database's own.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>
    /// Which of the objects under <see cref="Prefix"/> are wanted, asked after these were listed; null where
    /// <see cref="Prefix"/> is.
    /// </summary>
    public Func<CancellationToken, Task<IReadOnlySet<string>>>? Keys { get; init; }
}
