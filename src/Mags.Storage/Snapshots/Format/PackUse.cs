namespace Mags.Storage.Snapshots.Format;

/// <summary>A pack that a snapshot needs.</summary>
/// <param name="Pack">Its id.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Alive">How many of these the snapshot needs.</param>
internal readonly record struct PackUse(Guid Pack, uint Bytes, uint Alive)
{
    public const int Size = 16 + 4 + 4;
}
