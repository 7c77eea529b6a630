using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Snapshots;

/// <summary>
/// The pages of a snapshot that is being written: those of its base, read when they are asked for, and those that were
/// changed, which are kept in memory (a thousandth of what they describe) and written together at the end.
/// </summary>
internal sealed class SnapshotTree
{
    private readonly SectionFetcher _fetcher;
    private readonly Dictionary<int, SectionRef> _roots;
    private readonly Dictionary<int, Task<TreePage>> _nodes = [];
    private readonly SortedDictionary<int, TreePage> _pages = [];
    private readonly SortedSet<int> _changedNodes = [];
    private readonly Lock _lock = new();

    public SnapshotTree(SnapshotRoot? root, SectionFetcher fetcher)
    {
        _fetcher = fetcher;
        _roots = root?.Nodes.ToDictionary(node => node.Position, node => node.Ref) ?? [];
    }

    public bool IsChanged => _pages.Count > 0 || _changedNodes.Count > 0;

    public IReadOnlyList<(int Position, SectionRef Ref)> Roots =>
        [.. _roots.Where(node => node.Value.IsPresent).OrderBy(node => node.Key).Select(node => (node.Key, node.Value))];

    /// <summary>A page as it is now. It may be read by several at once, and changed through <see cref="Edit"/> only.</summary>
    public async Task<TreePage> GetPageAsync(int position, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_pages.TryGetValue(position, out var changed))
            {
                return changed;
            }
        }

        var node = await GetNodeAsync(position / DiskLayout.PagesOfNode, cancellationToken);
        var section = node[position];
        return section.IsPresent
            ? await _fetcher.ReadPageAsync(DiskLayout.Page, position, section, cancellationToken)
            : TreePage.Empty(DiskLayout.Page, position);
    }

    /// <summary>A node as it is now.</summary>
    public Task<TreePage> GetNodeAsync(int position, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_nodes.TryGetValue(position, out var node))
            {
                node = _roots.TryGetValue(position, out var section)
                    ? _fetcher.ReadPageAsync(DiskLayout.Node, position, section, cancellationToken)
                    : Task.FromResult(TreePage.Empty(DiskLayout.Node, position));
                _nodes.Add(position, node);
            }

            return node;
        }
    }

    /// <summary>Where a node lies now.</summary>
    public SectionRef RootOf(int node) => _roots.GetValueOrDefault(node);

    /// <summary>A page to change; the one that was got is left as it is.</summary>
    public TreePage Edit(TreePage page)
    {
        lock (_lock)
        {
            if (!_pages.TryGetValue(page.Position, out var changed))
            {
                changed = page.Clone();
                _pages.Add(page.Position, changed);
            }

            return changed;
        }
    }

    /// <summary>Has a node written again, though nothing in it changed.</summary>
    public void Touch(int node) => _changedNodes.Add(node);

    /// <summary>Writes all changed pages, then their nodes.</summary>
    /// <param name="append">Puts a page into a pack, in the place of the one before, which may be none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WriteAsync(
        Func<TreePage, SectionRef, ValueTask<SectionRef>> append, CancellationToken cancellationToken)
    {
        foreach (var page in _pages.Values)
        {
            var node = await GetNodeAsync(page.Position / DiskLayout.PagesOfNode, cancellationToken);
            node[page.Position] = await append(page, node[page.Position]);
            _changedNodes.Add(node.Position);
        }

        foreach (var position in _changedNodes)
        {
            var node = await GetNodeAsync(position, cancellationToken);
            _roots[position] = await append(node, RootOf(position));
        }
    }
}
