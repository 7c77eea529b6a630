namespace Mags.Cluster.Jobs.Admission;

/// <summary>A job's claim to run on this node: waiting first, then a place, which it gives back when it is disposed.</summary>
internal sealed class AdmissionTicket : IDisposable
{
    private readonly NodeAdmission _admission;
    private readonly TaskCompletionSource _admitted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _stopped;

    public AdmissionTicket(NodeAdmission admission, Guid jobId, Guid userId, long memoryBytes)
    {
        (_admission, JobId, UserId, MemoryBytes) = (admission, jobId, userId, memoryBytes);
    }

    public Guid JobId { get; }

    public Guid UserId { get; }

    /// <summary>What its machine may use at most, with its hypervisor.</summary>
    public long MemoryBytes { get; }

    /// <summary>Completes when the job may take a machine; cancelled when it was stopped before.</summary>
    public Task Admitted => _admitted.Task;

    /// <summary>When it was first found too big for what is left; null when it never was.</summary>
    public long? BlockedSince { get; set; }

    /// <summary>Where it is. Only the admission changes it.</summary>
    public AdmissionState State { get; set; }

    /// <summary>Its machine is there: what it takes at its start shows in the node's free memory from now on.</summary>
    public void MachineReady() => _admission.Settle(this);

    /// <summary>Leaves the queue, or gives the place back.</summary>
    public void Dispose()
    {
        _stopped.Dispose();
        _admission.Release(this);
    }

    internal void Admit() => _admitted.TrySetResult();

    internal void Cancel() => _admitted.TrySetCanceled();

    internal void LeaveWhen(CancellationToken stopped) =>
        _stopped = stopped.UnsafeRegister(static ticket => ((AdmissionTicket)ticket!).Leave(), this);

    private void Leave() => _admission.Leave(this);
}

/// <summary>Where a ticket is.</summary>
internal enum AdmissionState
{
    /// <summary>In the queue.</summary>
    Waiting,

    /// <summary>It has a place; its machine is still being made.</summary>
    Starting,

    /// <summary>It has a place and a machine.</summary>
    Running,

    /// <summary>It left the queue, or gave its place back.</summary>
    Gone,
}
