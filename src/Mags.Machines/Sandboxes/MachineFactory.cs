using Grpc.Core;
using Mags.Machines.Disks;
using Mags.Machines.Templates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Sandboxes;

/// <summary>Makes sandboxes: restores a template and claims the clone, or claims one that waits.</summary>
internal sealed partial class MachineFactory(
    MachineRestorer restorer,
    MachineClaimer claimer,
    RestoreSlots slots,
    BlankDisks blanks,
    IOptions<MachinesOptions> options,
    TimeProvider time,
    ILogger<MachineFactory> logger)
{
    // A clone that comes up wrongly is given up for a new one; a second failure has a cause that does not go away.
    private const int Attempts = 2;

    // A machine that has run answers in milliseconds; one that does not is not worth more waiting than a new one takes.
    private static readonly TimeSpan _hotLimit = TimeSpan.FromSeconds(5);

    /// <summary>Restores and claims a machine.</summary>
    /// <exception cref="MachineException">It did not come up.</exception>
    internal async Task<MicroVm> MakeAsync(
        Template template, MachineRequest request, CancellationToken cancellationToken)
    {
        var steps = new StepClock(time);
        var blank = await blanks.EnsureAsync(request.DiskGb, cancellationToken);
        using var slot = await slots.TakeAsync(cancellationToken);
        steps.Mark("wait");
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await WithDeadlineAsync(
                    async token =>
                    {
                        var machine = await restorer.RestoreAsync(template, blank, steps, token);
                        return await OrEndAsync(machine, () => claimer.ClaimAsync(machine, request, steps, token));
                    },
                    steps,
                    cancellationToken);
            }
            catch (MachineException e) when (attempt < Attempts)
            {
                LogTryAgain(e.Message);
            }
        }
    }

    /// <summary>Claims a machine that waits; when that fails the machine is gone.</summary>
    /// <exception cref="MachineException">It did not answer, or wrongly.</exception>
    internal async Task<MicroVm> ClaimAsync(
        RestoredMachine machine, MachineRequest request, CancellationToken cancellationToken)
    {
        var steps = new StepClock(time);
        // A claim of a machine that never ran costs the processor as much as a restore, and takes its turn with them.
        using var slot = machine.Readiness == Readiness.Cold
            ? await OrEndAsync(machine, () => slots.TakeAsync(cancellationToken))
            : null;
        steps.Mark("wait");
        return await WithDeadlineAsync(
            token => OrEndAsync(machine, () => claimer.ClaimAsync(machine, request, steps, token)),
            steps,
            cancellationToken,
            machine.Readiness == Readiness.Cold ? null : _hotLimit);
    }

    /// <summary>Makes a machine that will wait, as far as asked.</summary>
    /// <param name="cold">A machine to go on with, which is taken over; null to restore one.</param>
    /// <param name="template">What to restore.</param>
    /// <param name="diskGb">Size of its disk.</param>
    /// <param name="readiness">How far to bring it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">It did not come up.</exception>
    internal Task<RestoredMachine> MakeWaitingAsync(
        RestoredMachine? cold,
        Template template,
        int diskGb,
        Readiness readiness,
        CancellationToken cancellationToken)
    {
        var steps = new StepClock(time);
        steps.Mark("wait");
        return WithDeadlineAsync(
            async token =>
            {
                var machine = cold ?? await restorer.RestoreAsync(
                    template, await blanks.EnsureAsync(diskGb, token), steps, token);
                return readiness == Readiness.Cold
                    ? machine
                    : await OrEndAsync(machine, () => PrepareAsync(machine, readiness, token));
            },
            steps,
            cancellationToken);
    }

    private async Task<RestoredMachine> PrepareAsync(
        RestoredMachine machine, Readiness readiness, CancellationToken cancellationToken)
    {
        await claimer.PrepareAsync(machine, readiness == Readiness.Mounted, cancellationToken);
        return machine;
    }

    // A machine that failed half-way is of no use to anybody.
    private static async Task<T> OrEndAsync<T>(RestoredMachine machine, Func<Task<T>> next)
    {
        try
        {
            return await next();
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    private async Task<T> WithDeadlineAsync<T>(
        Func<CancellationToken, Task<T>> make,
        StepClock steps,
        CancellationToken cancellationToken,
        TimeSpan? within = null)
    {
        var timeLimit = within ?? TimeSpan.FromSeconds(options.Value.ClaimDeadlineSeconds);
        using var limit = new CancellationTokenSource(timeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await make(either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var last = steps.Steps[^1].Name;
            throw limit.IsCancellationRequested
                ? new MachineException(
                    MachineFault.Agent,
                    $"The machine was not ready within {timeLimit.TotalSeconds:0} s; its last step was {last}.",
                    e)
                : new MachineException(MachineFault.Agent, $"The machine failed after its step {last}: {e.Message}", e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A machine did not come up and is made anew: {Reason}")]
    private partial void LogTryAgain(string reason);
}
