using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Workspaces;

/// <summary>The chains that layers make, and which of them nobody needs any more.</summary>
internal static class LayerChains
{
    /// <summary>A layer and all that it lies on, the lowest first; none when there is no layer.</summary>
    public static async Task<List<LayerRow>> ListAsync(MagsDbContext db, Guid? top)
    {
        var chain = new List<LayerRow>();
        for (var next = top; next is { } id;)
        {
            var layer = await db.Layers.FirstAsync(layer => layer.Id == id);
            chain.Insert(0, layer);
            next = layer.ParentId;
        }

        return chain;
    }

    /// <summary>
    /// Removes the layers that nobody needs, from above: one goes when no workspace is at it and no layer lies on it, and
    /// then the one below may.
    /// </summary>
    /// <returns>Those whose files are to go.</returns>
    public static async Task<IReadOnlyList<Guid>> ReleaseAsync(MagsDbContext db, Guid? top)
    {
        var released = new List<Guid>();
        for (var next = top; next is { } id;)
        {
            if (await db.Workspaces.AnyAsync(row => row.TopLayerId == id || row.OpenLayerId == id)
                || await db.Layers.AnyAsync(layer => layer.ParentId == id))
            {
                break;
            }

            next = await db.Layers.Where(layer => layer.Id == id).Select(layer => layer.ParentId).FirstOrDefaultAsync();
            await db.Layers.Where(layer => layer.Id == id).ExecuteDeleteAsync();
            released.Add(id);
        }

        return released;
    }
}
