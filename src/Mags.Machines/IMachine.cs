namespace Mags.Machines;

/// <summary>One sandbox that a caller owns. Disposing it ends it: process, sockets, disk and folder are gone after.</summary>
public interface IMachine : IAsyncDisposable
{
    /// <summary>Id of the machine, unique on this node for ever; shown as <c>vm_id</c>.</summary>
    string Id { get; }

    /// <summary>What runs it: <c>kvm</c> or <c>tcg</c>.</summary>
    string Accelerator { get; }

    /// <summary>Digest of the image that it was made from.</summary>
    string ImageDigest { get; }

    /// <summary>Where the time until now went, step by step, in order (restore, disk, cont, connect, claim, …).</summary>
    IReadOnlyList<MachineStep> Steps { get; }

    /// <summary>Completes when the machine has ended by itself or was disposed; never faults.</summary>
    Task<MachineExit> Ended { get; }

    /// <summary>
    /// Places files in <c>/root</c>, in the place of what has their names there, and shows them below <c>/uploads</c>, where
    /// they can only be read. At most once, before the first process. What a file's stream throws is thrown here; that file
    /// and those after it are not placed then.
    /// </summary>
    /// <exception cref="MachineException">The guest did not take them, or the machine ended.</exception>
    Task PutFilesAsync(IReadOnlyList<MachineFile> files, CancellationToken cancellationToken);

    /// <summary>
    /// Runs one process and streams what it says until it has ended; the last event is <see cref="ProcessExited"/>.
    /// A session that breaks is taken up again without losing or repeating output. Cancelling stops listening only.
    /// </summary>
    /// <exception cref="MachineException">
    /// The process could not be started, or the machine ended first; <see cref="Ended"/> then says how.
    /// </exception>
    IAsyncEnumerable<ProcessEvent> RunAsync(ProcessSpec process, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the machine with its disk whole: all that its guest has written is on it, and its file system needs no replay.
    /// Disposing it has still to follow. Without this, and when it fails, the disk has what the guest made durable itself
    /// (<c>fsync</c>), and the journal is replayed when it is used next.
    /// </summary>
    /// <returns>Whether it is whole; false when the guest or its hypervisor did not answer in time, or had ended.</returns>
    Task<bool> SealDiskAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Seals the layer that the machine writes, while it runs: what its guest has written until now stays in that file,
    /// which nobody writes from then on, and the guest goes on in a new layer. It can be done any number of times. A guest
    /// that does not hold still in time is not waited for.
    /// </summary>
    /// <param name="next">
    /// Where the new layer is made, and stays when the machine has ended; nothing may be there. It lies on the sealed one.
    /// </param>
    /// <param name="cancellationToken">Gives up, as long as nothing has changed.</param>
    /// <exception cref="MachineException">
    /// It could not be done. If the file of the new layer is not there, the guest goes on with the layer that it had; if it
    /// is there, the machine has ended, and what its guest wrote last may be in it.
    /// </exception>
    /// <exception cref="InvalidOperationException">The machine's disk is not kept.</exception>
    Task<LayerSeal> SealLayerAsync(string next, CancellationToken cancellationToken);

    /// <summary>
    /// Has the machine read other files in the place of the layers below its own, while it runs. They must hold the same.
    /// The files that it does not read any more can be removed.
    /// </summary>
    /// <param name="layers">All layers below its own, the lowest first; at least one.</param>
    /// <param name="cancellationToken">Gives up; what the machine reads then is one or the other.</param>
    /// <exception cref="MachineException">It could not be done, and the machine reads what it did; or it has ended.</exception>
    /// <exception cref="InvalidOperationException">The machine's disk started from no layers.</exception>
    Task ReplaceLayersAsync(IReadOnlyList<string> layers, CancellationToken cancellationToken);
}
