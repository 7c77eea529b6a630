namespace Mags.Machines.Nbd;

/// <summary>
/// A request that is under way. The peer is not trusted: what it says is taken only as far as it answers the request.
/// </summary>
internal class NbdRequest
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _error;

    /// <summary>Completes with the answer, or faults.</summary>
    internal Task Answered => _answered.Task;

    /// <summary>Whether a reply without data can be its whole answer.</summary>
    protected virtual bool IsWhole => true;

    /// <summary>Takes a part of what a read gives.</summary>
    /// <exception cref="InvalidDataException">It is not what was asked for.</exception>
    internal virtual void TakeData(long offset, ReadOnlySpan<byte> data) => throw Unasked();

    /// <summary>Takes a part of what a read gives, which is zero.</summary>
    /// <exception cref="InvalidDataException">It is not what was asked for.</exception>
    internal virtual void TakeHole(long offset, uint length) => throw Unasked();

    /// <summary>Takes what is where.</summary>
    /// <exception cref="InvalidDataException">It is not what was asked for.</exception>
    internal virtual void TakeStatus(uint context, List<NbdSpan> spans) => throw Unasked();

    /// <summary>Nobody waits for it any more; what it was to fill is not touched from now on.</summary>
    internal virtual void Abandon()
    {
    }

    /// <summary>Takes an error of the peer's; the first one counts.</summary>
    internal void TakeError(uint error) => _error = _error == 0 ? error : _error;

    /// <summary>The peer has said all.</summary>
    /// <exception cref="InvalidDataException">That was not all.</exception>
    internal void Complete()
    {
        if (_error != 0)
        {
            Fail(_error == NbdNumbers.NoSpace
                ? new MachineException(
                    MachineFault.NoResources, "The server's disk is full: it has no room for what is written to a layer.")
                : new MachineException(MachineFault.Hypervisor, $"QEMU could not read or write layers (error {_error})."));
        }
        else if (IsWhole)
        {
            _answered.SetResult();
        }
        else
        {
            throw new InvalidDataException("The export did not answer all of a request.");
        }
    }

    internal void Fail(MachineException cause)
    {
        _ = _answered.TrySetException(cause);
        // A caller that was cancelled does not look any more.
        _ = _answered.Task.Exception;
    }

    private static InvalidDataException Unasked() => new("The export answered something that was not asked.");
}
