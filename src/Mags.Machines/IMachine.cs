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
}
