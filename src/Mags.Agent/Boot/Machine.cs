using Google.Protobuf.Collections;
using Grpc.Core;
using Mags.Agent.Io;
using Mags.Agent.Processes;
using Mags.Agent.Sandbox;
using Mags.Protocol;

namespace Mags.Agent.Boot;

/// <summary>The machine that this agent is the init of: a template until it is claimed, then one sandbox.</summary>
internal sealed class Machine
{
    private const int LeastEntropy = 32;
    private const int MostEntropy = 512;

    private static readonly TimeSpan _diskLimit = TimeSpan.FromSeconds(10);

    private readonly SandboxThread _thread;
    private readonly TimeProvider _time;
    private readonly SandboxStage _stage;
    private readonly EntropyPool _entropy = new();
    private int _claims;

    /// <summary>Makes the sandbox's world as far as it can be made before a disk is known.</summary>
    public Machine(SandboxThread thread, IoLoop loop, TimeProvider time)
    {
        (_thread, _time) = (thread, time);
        SandboxStage? stage = null;
        thread.Invoke(() => stage = SandboxStage.Build());
        _stage = stage!;
        thread.Watch = new SandboxWatch(_stage.InitProcessId, loop);
    }

    /// <summary>Whether it is a sandbox that can run processes.</summary>
    public bool IsClaimed { get; private set; }

    /// <summary>Makes it a sandbox.</summary>
    public ClaimReply Claim(ClaimRequest request)
    {
        if (request.Entropy.Length is < LeastEntropy or > MostEntropy)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"a claim brings {LeastEntropy} to {MostEntropy} bytes of entropy"));
        }

        if (Interlocked.Increment(ref _claims) > 1)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "the machine was claimed before"));
        }

        // First of all: until then this clone draws the same random numbers as its siblings.
        var steps = new ClaimSteps(_time);
        _entropy.Feed(request.Entropy.Span);
        steps.Done("reseed");
        GuestClock.Set(request.UnixTimeNs);
        steps.Done("clock");
        _stage.SetIdentity(request.HostName, request.BootId);
        steps.Done("identity");
        WritableDisk.WaitFor(request.DiskBytes, _diskLimit, _time);
        steps.Done("disk-seen");
        _thread.Invoke(() => _stage.Enter(request.HostName, request.DiskBytes, steps));
        IsClaimed = true;
        return steps.ToReply();
    }

    /// <summary>Runs commands on a scratch root, one after the other; nothing of it stays but warm pages.</summary>
    public async Task WarmAsync(
        RepeatedField<string> commands, ProcessLauncher launcher, CancellationToken cancellationToken)
    {
        if (_claims > 0)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "the machine was claimed before"));
        }

        ScratchRoot? scratch = null;
        _thread.Invoke(() => scratch = SandboxStage.EnterScratch());
        try
        {
            await new WarmUp(launcher).RunAsync(commands, cancellationToken);
        }
        finally
        {
            _thread.Invoke(scratch!.Leave);
        }
    }
}
