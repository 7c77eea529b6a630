namespace Mags.Machines.Sandboxes;

/// <summary>A span of a disk that some layer holds.</summary>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="IsZero">Whether it reads as zeros: also then it hides what lies below.</param>
public readonly record struct LayerExtent(long Offset, long Length, bool IsZero);
