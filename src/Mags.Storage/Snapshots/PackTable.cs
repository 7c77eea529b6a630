using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>How much of each pack a snapshot that is being written needs.</summary>
internal sealed class PackTable
{
    private readonly Dictionary<Guid, (uint Bytes, long Alive)> _packs;

    public PackTable(SnapshotRoot? root)
    {
        _packs = root?.Packs.ToDictionary(pack => pack.Pack, pack => (pack.Bytes, (long)pack.Alive)) ?? [];
    }

    /// <summary>Packs that are there from before; new ones have no size yet.</summary>
    public IEnumerable<PackUse> Old => _packs
        .Where(pack => pack.Value.Bytes > 0 && pack.Value.Alive > 0)
        .Select(pack => new PackUse(pack.Key, pack.Value.Bytes, (uint)pack.Value.Alive));

    /// <summary>One section takes the place of another; either may be none.</summary>
    public void Replace(SectionRef old, SectionRef made)
    {
        Count(old, -old.Length);
        Count(made, made.Length);
    }

    /// <summary>All packs that are needed, in the order of their ids.</summary>
    /// <param name="made">Sizes of those that were made meanwhile.</param>
    public IReadOnlyList<PackUse> ToList(IReadOnlyDictionary<Guid, uint> made) => [.. _packs
        .Where(pack => pack.Value.Alive > 0)
        .OrderBy(pack => pack.Key)
        .Select(pack => new PackUse(
            pack.Key,
            pack.Value.Bytes > 0 ? pack.Value.Bytes : made[pack.Key],
            (uint)pack.Value.Alive))];

    private void Count(SectionRef section, long bytes)
    {
        if (section.IsPresent)
        {
            _packs.TryGetValue(section.Pack, out var pack);
            _packs[section.Pack] = (pack.Bytes, pack.Alive + bytes);
        }
    }
}
