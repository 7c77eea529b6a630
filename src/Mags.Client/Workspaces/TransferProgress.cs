namespace Mags.Client.Workspaces;

/// <summary>How far an export is.</summary>
/// <param name="Bytes">Bytes of the disk that have come.</param>
/// <param name="Total">All of them.</param>
public readonly record struct TransferProgress(long Bytes, long Total);
