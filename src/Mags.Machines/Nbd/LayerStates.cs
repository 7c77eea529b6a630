using System.Runtime.CompilerServices;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Nbd;

/// <summary>Tells which layers of an export hold what.</summary>
/// <param name="nbd">The export.</param>
/// <param name="layers">How many layers it has.</param>
internal sealed class LayerStates(NbdClient nbd, int layers)
{
    /// <summary>Lists what the layers above one hold, in pieces as they come.</summary>
    internal async IAsyncEnumerable<LayerExtent> ListAsync(
        int above, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long offset = 0; offset < nbd.Export.Size;)
        {
            var most = (int)Math.Min(NbdClient.LongestStatus, nbd.Export.Size - offset);
            var status = await nbd.StatusAsync(offset, most, cancellationToken);
            long told = 0;
            foreach (var (length, depth, isZero) in Join(status, most))
            {
                // Counted from the top, which is 1; 0 is nowhere.
                if (depth > 0 && LayerOf(depth) > above)
                {
                    yield return new LayerExtent(offset + told, length, isZero);
                }

                told += length;
            }

            offset += told;
        }
    }

    private long LayerOf(uint depth) => depth <= layers
        ? layers - depth
        : throw new MachineException(MachineFault.Hypervisor, $"QEMU tells of a layer {depth} of {layers}.");

    // Each context cuts the disk in its own way, and ends where it likes. A span is never empty, so there is always one.
    private static IEnumerable<(long Length, uint Depth, bool IsZero)> Join(NbdStatusRequest status, long most)
    {
        var (allocation, depth) = (0, 0);
        long allocationLeft = status.Allocation[0].Length, depthLeft = status.Depth[0].Length;
        while (most > 0)
        {
            var length = Math.Min(most, Math.Min(allocationLeft, depthLeft));
            var isZero = (status.Allocation[allocation].State & NbdNumbers.StateZero) != 0;
            yield return (length, status.Depth[depth].State, isZero);
            (most, allocationLeft, depthLeft) = (most - length, allocationLeft - length, depthLeft - length);
            if (allocationLeft == 0)
            {
                if (++allocation == status.Allocation.Count)
                {
                    yield break;
                }

                allocationLeft = status.Allocation[allocation].Length;
            }

            if (depthLeft == 0)
            {
                if (++depth == status.Depth.Count)
                {
                    yield break;
                }

                depthLeft = status.Depth[depth].Length;
            }
        }
    }
}
