using Google.Protobuf.Collections;
using Grpc.Core;
using Mags.Agent.Io;
using Mags.Agent.Network;
using Mags.Agent.Processes;
using Mags.Agent.Sandbox;
using Mags.Agent.Service;
using Mags.Protocol;

namespace Mags.Agent.Boot;

/// <summary>The machine that this agent is the init of: a template until it is claimed, then one sandbox.</summary>
internal sealed class Machine
{
    private const int LeastEntropy = 32;
    private const int MostEntropy = 512;

    private static readonly TimeSpan _diskLimit = TimeSpan.FromSeconds(10);

    private readonly SandboxThread _thread;
    private readonly GuestInterface _network;
    private readonly TimeProvider _time;
    private readonly SandboxStage _stage;
    private readonly EntropyPool _entropy = new();
    private readonly UploadsView _uploads = new();
    private readonly Lock _lock = new();
    private MachineState _state;
    private DiskFreeze? _freeze;

    /// <summary>Makes the sandbox's world as far as it can be made before a disk is known.</summary>
    public Machine(SandboxThread thread, GuestInterface network, IoLoop loop, TimeProvider time)
    {
        (_thread, _network, _time) = (thread, network, time);
        SandboxStage? stage = null;
        var groups = SandboxCgroups.Make();
        thread.Invoke(() => stage = SandboxStage.Build());
        _stage = stage!;
        groups.Close(_stage.InitProcessId);
        thread.Groups = groups;
        thread.Watch = new SandboxWatch(_stage.InitProcessId, loop);
    }

    /// <summary>Whether it is a sandbox.</summary>
    public bool IsClaimed => _state == MachineState.Claimed;

    /// <summary>Whether it has a root that processes can run in.</summary>
    public bool CanRun => _state is MachineState.Rehearsing or MachineState.Prepared or MachineState.Claimed;

    /// <summary>
    /// Goes a claim's way ahead of it: on the sandbox's own disk, or on a scratch disk that goes again. It may go that way
    /// once more: each time takes less than the one before.
    /// </summary>
    public ClaimReply Prepare(ClaimRequest request, bool scratch)
    {
        var before = scratch
            ? Advance([MachineState.Template, MachineState.Rehearsed], MachineState.Rehearsing)
            : Advance([MachineState.Template, MachineState.Prepared], MachineState.Prepared);
        var steps = new ClaimSteps(_time);
        Identify(request, steps);
        _network.Set(request.Network);
        if (before == MachineState.Prepared)
        {
            _thread.Invoke(() => _stage.Rename(NamesOf(request)));
            return steps.ToReply();
        }

        WritableDisk.WaitFor(request.DiskBytes, _diskLimit, _time);
        if (scratch)
        {
            _thread.Invoke(SandboxStage.BeginRehearsal);
        }

        _thread.Invoke(() => _stage.Enter(NamesOf(request), request.DiskBytes, steps));
        return steps.ToReply();
    }

    /// <summary>Leaves the scratch disk: it is unmounted and closed, so that another can take its place.</summary>
    public void EndRehearsal()
    {
        Advance([MachineState.Rehearsing], MachineState.Rehearsed);
        _thread.Invoke(_stage.EndRehearsal);
    }

    /// <summary>Makes it a sandbox.</summary>
    public ClaimReply Claim(ClaimRequest request)
    {
        var before = Advance(
            [MachineState.Template, MachineState.Rehearsed, MachineState.Prepared], MachineState.Claimed);
        var steps = new ClaimSteps(_time);
        Identify(request, steps);
        _network.Set(request.Network);
        steps.Done("network");

        if (before == MachineState.Prepared)
        {
            _thread.Invoke(() => _stage.Rename(NamesOf(request)));
            steps.Done("files");
        }
        else
        {
            WritableDisk.WaitFor(request.DiskBytes, _diskLimit, _time);
            steps.Done("disk-seen");
            _thread.Invoke(() => _stage.Enter(NamesOf(request), request.DiskBytes, steps));
        }

        _thread.Groups!.ExpectScript();
        return steps.ToReply();
    }

    /// <summary>Places files in the home folder of its root, ahead of its first process, and shows them in /uploads.</summary>
    /// <returns>Why they are not placed; empty when they are.</returns>
    public Task<string> PutFilesAsync(IAsyncStreamReader<PutFilesInput> files, CancellationToken cancellationToken)
    {
        Advance([MachineState.Claimed], MachineState.Claimed);
        return new PutFilesSession(files, _thread).RunAsync(
            BaseEnvironment.Home, names => _uploads.Show(BaseEnvironment.Home, names), cancellationToken);
    }

    /// <summary>Makes its disk whole, ahead of its end.</summary>
    public async Task SealDiskAsync()
    {
        Advance([MachineState.Claimed], MachineState.Sealed);
        // A file system can be frozen once at a time, and the end's freeze must not be undone by another's thaw.
        if (_freeze is { } freeze)
        {
            _ = await freeze.EndAsync();
        }

        _thread.Invoke(_uploads.Hide);
        _stage.SealDisk();
    }

    /// <summary>Writes its disk out and holds it still until <see cref="ThawDiskAsync"/>, or for a short while.</summary>
    /// <returns>When it stands still.</returns>
    public Task FreezeDiskAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_state != MachineState.Claimed || _freeze is { IsOver: false })
            {
                throw new RpcException(new Status(
                    StatusCode.FailedPrecondition, $"the machine is {_state}, or its disk is being frozen already"));
            }

            _freeze = _stage.MakeFreeze(_time);
            return _freeze.BeginAsync(cancellationToken);
        }
    }

    /// <summary>Lets its disk be written again.</summary>
    public async Task<ThawDiskReply> ThawDiskAsync() =>
        _freeze is { } freeze ? await freeze.EndAsync() : new ThawDiskReply();

    /// <summary>Runs commands on a scratch root, one after the other; nothing of it stays but warm pages.</summary>
    public async Task WarmAsync(
        RepeatedField<string> commands, ProcessLauncher launcher, CancellationToken cancellationToken)
    {
        _ = Advance([MachineState.Template], MachineState.Template);
        _thread.Invoke(() =>
        {
            SandboxStage.BeginRehearsal();
            _stage.EnterMemory(new HostNames("mags-template", []), new ClaimSteps(_time));
        });
        try
        {
            await new WarmUp(launcher).RunAsync(commands, cancellationToken);
        }
        finally
        {
            _thread.Invoke(_stage.EndRehearsal);
        }
    }

    private static HostNames NamesOf(ClaimRequest request) => new(request.HostName, request.Network?.NameServers ?? []);

    private void Identify(ClaimRequest request, ClaimSteps steps)
    {
        if (request.Entropy.Length is < LeastEntropy or > MostEntropy)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"a claim brings {LeastEntropy} to {MostEntropy} bytes of entropy"));
        }

        // First of all: until then this clone draws the same random numbers as its siblings.
        _entropy.Feed(request.Entropy.Span);
        steps.Done("reseed");
        GuestClock.Set(request.UnixTimeNs);
        steps.Done("clock");
        _stage.SetIdentity(request.HostName, request.BootId);
        steps.Done("identity");
    }

    private MachineState Advance(ReadOnlySpan<MachineState> from, MachineState to)
    {
        lock (_lock)
        {
            var before = _state;
            if (!from.Contains(before))
            {
                throw new RpcException(new Status(
                    StatusCode.FailedPrecondition, $"the machine is {before} and cannot become {to}"));
            }

            _state = to;
            return before;
        }
    }
}
