using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Tests.Snapshots;

/// <summary>What has to hold for a store at any time, and after sweeps.</summary>
internal static class StoreCheck
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>All that heads name can be restored.</summary>
    public static async Task AssertLiveAsync(Workbench bench)
    {
        foreach (var id in await NamedAsync(bench))
        {
            await bench.RestoreAsync(id);
        }
    }

    /// <summary>Nothing is in the store but what heads name.</summary>
    public static async Task AssertNoOrphansAsync(Workbench bench)
    {
        var named = new HashSet<string>();
        foreach (var id in await NamedAsync(bench))
        {
            named.Add(StoreKeys.Snapshot(id)!);
            var root = await bench.Reader.ReadRootAsync(id, Stop);
            named.UnionWith(root.Packs.Select(pack => StoreKeys.Pack(pack.Pack)));
        }

        Assert.Equal(
            named.Order(),
            bench.Store.Keys.Where(key => key.StartsWith("packs/", StringComparison.Ordinal)
                || key.StartsWith("snapshots/", StringComparison.Ordinal)).Order());
    }

    private static async Task<HashSet<string>> NamedAsync(Workbench bench)
    {
        var named = new HashSet<string>();
        await foreach (var head in bench.Heads.ListAsync(Stop))
        {
            named.Add(head.Head.Snapshot);
            if (head.Head.Previous is { } previous)
            {
                named.Add(previous);
            }
        }

        return named;
    }
}
