using System.Runtime.CompilerServices;
using Mags.Machines.Nbd;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// Layers that are open for the host. All of it may be called at once, by any thread. Every fault is a
/// <see cref="MachineException"/>: what reads the layers can be in the hands of the guest that wrote them, so that also
/// what it gives is a guest's word.
/// </summary>
public sealed class LayerDisk : IAsyncDisposable
{
    private readonly RestoredMachine _machine;
    private readonly NbdClient _nbd;
    private readonly LayerStates _states;
    private readonly string? _writeTo;
    private bool _isFinished;

    internal LayerDisk(RestoredMachine machine, NbdClient nbd, int layers, string? writeTo)
    {
        (_machine, _nbd, _writeTo) = (machine, nbd, writeTo);
        _states = new LayerStates(nbd, layers + (writeTo is null ? 0 : 1));
    }

    /// <summary>Size of the disk in bytes.</summary>
    public long SizeBytes => _nbd.Export.Size;

    /// <summary>Process id of its QEMU.</summary>
    internal int Pid => _machine.Qemu.Pid;

    /// <summary>
    /// Lists what layers hold, in the order of the disk. What none of them holds is not listed; neighbours that are alike
    /// are one.
    /// </summary>
    /// <param name="above">
    /// The layers above this one are looked at, which are counted from 0, the lowest; -1 for all. A new layer that is
    /// written counts as the topmost.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">It could not be told.</exception>
    public async IAsyncEnumerable<LayerExtent> ListAsync(
        int above, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LayerExtent? last = null;
        await foreach (var next in _states.ListAsync(above, cancellationToken))
        {
            if (last is { } before && before.Offset + before.Length == next.Offset && before.IsZero == next.IsZero)
            {
                last = before with { Length = before.Length + next.Length };
                continue;
            }

            if (last is { } whole)
            {
                yield return whole;
            }

            last = next;
        }

        if (last is { } end)
        {
            yield return end;
        }
    }

    /// <summary>Reads what a guest would see.</summary>
    /// <exception cref="MachineException">It could not be read.</exception>
    public Task ReadAsync(long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        RequireWithin(offset, into.Length);
        return _nbd.ReadAsync(offset, into, cancellationToken);
    }

    /// <summary>Writes to the new layer.</summary>
    /// <exception cref="MachineException">It could not be written.</exception>
    /// <exception cref="InvalidOperationException">The layers are open for reading only.</exception>
    public Task WriteAsync(long offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireWithin(offset, data.Length);
        RequireWritable();
        return _nbd.WriteAsync(offset, data, cancellationToken);
    }

    /// <summary>Makes a span zero in the new layer, whatever lies below. It takes no room.</summary>
    /// <exception cref="MachineException">It could not be written.</exception>
    /// <exception cref="InvalidOperationException">The layers are open for reading only.</exception>
    public Task ZeroAsync(long offset, long length, CancellationToken cancellationToken)
    {
        RequireWithin(offset, length);
        RequireWritable();
        return _nbd.ZeroAsync(offset, length, cancellationToken);
    }

    /// <summary>
    /// Completes the new layer: all that was written is in its file, which stays and is not written any more. Disposing
    /// has still to follow, and <see cref="Disks.LayerFiles.Flush"/>, to have it on the host's disk.
    /// </summary>
    /// <exception cref="MachineException">It is not complete, and will not stay.</exception>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_writeTo is not null)
        {
            // What QEMU holds of the file's own tables is written here, where it is told when that fails.
            await _nbd.FlushAsync(cancellationToken);
        }

        await _machine.Qemu.QuitAsync(cancellationToken);
        _isFinished = true;
    }

    /// <summary>Closes the layers. A new one that was not finished is removed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _nbd.DisposeAsync();
        await _machine.DisposeAsync();
        if (_writeTo is not null && !_isFinished)
        {
            File.Delete(_writeTo);
        }
    }

    private void RequireWithin(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, SizeBytes - length);
    }

    private void RequireWritable()
    {
        if (_writeTo is null)
        {
            throw new InvalidOperationException("The layers are open for reading only.");
        }
    }
}
