namespace Mags.Storage.Snapshots;

/// <summary>What a sweep did.</summary>
/// <param name="HeadsDeleted">Heads of workspaces that are gone.</param>
/// <param name="ObjectsDeleted">Objects that nothing had named for the grace time.</param>
/// <param name="BytesDeleted">Their bytes.</param>
/// <param name="Waiting">Objects that nothing names, and whose time has not come.</param>
/// <param name="Fault">
/// Why no snapshot, pack or image was deleted: a head or snapshot that cannot be read, so that it is not known what it needs; null
/// where none was in the way.
/// </param>
public sealed record SweepResult(int HeadsDeleted, int ObjectsDeleted, long BytesDeleted, int Waiting, string? Fault);
