using Microsoft.Extensions.Logging;

namespace Mags.Machines.Sandboxes;

/// <summary>
/// Undo steps of everything a machine takes. They run once, in reverse order, each whatever became of the others, under a
/// deadline of their own: the caller's cancellation is often why they run.
/// </summary>
internal sealed partial class CleanupStack(string owner, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How long all steps together may take.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Stack<(string What, Func<CancellationToken, ValueTask> Undo)> _steps = [];
    private readonly Lock _lock = new();
    private Task? _running;

    /// <summary>Adds a step.</summary>
    /// <param name="what">What it undoes, for the log.</param>
    /// <param name="undo">The step.</param>
    internal void Push(string what, Func<CancellationToken, ValueTask> undo)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_running is not null, this);
            _steps.Push((what, undo));
        }
    }

    /// <summary>Adds a step that does not wait.</summary>
    internal void Push(string what, Action undo) => Push(what, _ =>
    {
        undo();
        return ValueTask.CompletedTask;
    });

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _running ??= RunAsync();
            return new ValueTask(_running);
        }
    }

    private async Task RunAsync()
    {
        // Off the lock and off the caller's stack.
        await Task.Yield();
        using var deadline = new CancellationTokenSource(Deadline, time);
        while (_steps.TryPop(out var step))
        {
            try
            {
                await step.Undo(deadline.Token);
            }
#pragma warning disable CA1031 // One step that fails must not keep the others from running; each failure is logged.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogFailed(e, owner, step.What);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId}: undoing {What} failed")]
    private partial void LogFailed(Exception exception, string machineId, string what);
}
