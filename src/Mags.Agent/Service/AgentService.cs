using Grpc.Core;
using Mags.Agent.Boot;
using Mags.Agent.Native;
using Mags.Agent.Processes;
using Mags.Protocol;

namespace Mags.Agent.Service;

/// <summary>The calls of agent.proto.</summary>
/// <param name="launcher">Starts processes.</param>
/// <param name="machine">The machine that this agent is the init of; null when it is a plain process.</param>
/// <param name="time">Tells how long a host is waited for.</param>
internal sealed class AgentService(ProcessLauncher launcher, Machine? machine, TimeProvider time)
    : Protocol.Agent.AgentBase
{
    private static readonly string _version =
        typeof(AgentService).Assembly.GetName().Version?.ToString(fieldCount: 3) ?? "0";

    private static readonly string _kernelRelease =
        FileSystem.TryRead("/proc/sys/kernel/osrelease")?.Trim() ?? "unknown";

    private readonly ProcessTable _processes = new();

    public override Task<HelloReply> Hello(HelloRequest request, ServerCallContext context) =>
        Task.FromResult(new HelloReply
        {
            Generation = ProtocolGeneration.Current,
            AgentVersion = _version,
            KernelRelease = _kernelRelease,
            Claimed = machine is { IsClaimed: true },
        });

    public override async Task<WarmReply> Warm(WarmRequest request, ServerCallContext context)
    {
        await MachineOrRefuse().WarmAsync(request.Commands, launcher, context.CancellationToken);
        return new WarmReply();
    }

    public override Task<EndRehearsalReply> EndRehearsal(EndRehearsalRequest request, ServerCallContext context)
    {
        MachineOrRefuse().EndRehearsal();
        return Task.FromResult(new EndRehearsalReply());
    }

    public override Task<SetClockReply> SetClock(SetClockRequest request, ServerCallContext context)
    {
        _ = MachineOrRefuse();
        return Task.FromResult(new SetClockReply { OffsetNs = GuestClock.Set(request.UnixTimeNs) });
    }

    public override async Task<SealDiskReply> SealDisk(SealDiskRequest request, ServerCallContext context)
    {
        await MachineOrRefuse().SealDiskAsync();
        return new SealDiskReply();
    }

    public override async Task<FreezeDiskReply> FreezeDisk(FreezeDiskRequest request, ServerCallContext context)
    {
        await MachineOrRefuse().FreezeDiskAsync(context.CancellationToken);
        return new FreezeDiskReply();
    }

    public override Task<ThawDiskReply> ThawDisk(ThawDiskRequest request, ServerCallContext context) =>
        MachineOrRefuse().ThawDiskAsync();

    public override async Task<PutFilesReply> PutFiles(
        IAsyncStreamReader<PutFilesInput> requestStream, ServerCallContext context) =>
        new() { Failure = await MachineOrRefuse().PutFilesAsync(requestStream, context.CancellationToken) };

    public override async Task Exec(
        IAsyncStreamReader<ExecInput> requestStream, IServerStreamWriter<ExecOutput> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken))
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "the call has no message"));
        }

        if (requestStream.Current is { InputCase: ExecInput.InputOneofCase.Claim or ExecInput.InputOneofCase.Prepare } identity)
        {
            await responseStream.WriteAsync(new ExecOutput { Claimed = Claim(identity) }, context.CancellationToken);
            if (!await requestStream.MoveNext(context.CancellationToken))
            {
                return;
            }
        }

        var (process, offset, failure) = requestStream.Current switch
        {
            { Start: { } start } => Start(start),
            { Attach: { } attach } => Find(attach),
            _ => (null, 0UL, "the first message must be start or attach"),
        };
        if (process is null)
        {
            await ExecSession.RefuseAsync(requestStream, responseStream, failure, time, context.CancellationToken);
            return;
        }

        var session = new ExecSession(process, requestStream, responseStream, time);
        if (await session.RunAsync(offset, context.CancellationToken))
        {
            Leave(process);
        }
    }

    private ClaimReply Claim(ExecInput identity) => identity.Claim is { } claim
        ? MachineOrRefuse().Claim(claim)
        : MachineOrRefuse().Prepare(identity.Prepare.Claim, identity.Prepare.Scratch);

    private (GuestProcess? Process, ulong Offset, string Failure) Start(StartProcess start)
    {
        if (machine is { CanRun: false })
        {
            return (null, 0, "the machine is not claimed yet");
        }

        if (!ProcessLauncher.IsValidId(start.ProcessId))
        {
            return (null, 0, "a process id is 1 to 64 letters, digits, '-' and '_'");
        }

        if (!_processes.TryReserve(start.ProcessId))
        {
            return (null, 0, $"process id {start.ProcessId} is in use");
        }

        if (machine is not null && start.UnixTimeNs != 0)
        {
            GuestClock.Set(start.UnixTimeNs);
        }

        var (process, failure) = launcher.Start(start);
        _processes.Settle(start.ProcessId, process);
        return (process, 0, failure);
    }

    private (GuestProcess? Process, ulong Offset, string Failure) Find(AttachProcess attach) =>
        _processes.Find(attach.ProcessId) is { } process
            ? (process, attach.Offset, "")
            : (null, 0, $"there is no process {attach.ProcessId}");

    private void Leave(GuestProcess process)
    {
        launcher.CleanUp(process);
        if (process.IsFullyAcknowledged)
        {
            _processes.Remove(process.Id);
        }
        else
        {
            _processes.MarkEnded(process.Id);
        }
    }

    private Machine MachineOrRefuse() =>
        machine ?? throw new RpcException(
            new Status(StatusCode.FailedPrecondition, "this agent is a plain process, not a machine's init"));
}
