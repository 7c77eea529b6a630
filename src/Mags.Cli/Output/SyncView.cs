using Mags.Contracts.Workspaces;

namespace Mags.Cli.Output;

/// <summary>How far something is in the object store, as people read it; empty for what is not kept there.</summary>
internal static class SyncView
{
    public static Cell State(string? state) => new(state ?? string.Empty, state switch
    {
        SyncStateNames.Synced => Tint.Good,
        SyncStateNames.Error => Tint.Bad,
        _ => Tint.Active,
    });

    public static IEnumerable<(string Name, Cell Value)> Fields(
        string? state, DateTimeOffset? last, string? error, TimeProvider time) =>
    [
        ("Synced", State(state)),
        ("Last sync", Humanly.When(last, time)),
        ("Sync error", new Cell(error ?? string.Empty, Tint.Bad)),
    ];
}
