using System.Threading.Channels;
using Mags.Cluster.Objects;
using Mags.Data;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Storage.Objects;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces.Sync;

/// <summary>
/// Keeps persistent workspaces in the object store: when somebody asks, and while sandboxes write to them. One sync at a
/// time for each; what fails is shown in its row and tried again until it succeeds.
/// </summary>
internal sealed partial class WorkspaceSync(
    WorkspaceUploader uploader,
    LayerShortener shortener,
    LiveDisks live,
    LayerRecovery recovery,
    SnapshotStore snapshots,
    StoreGate gate,
    IOptions<WorkspaceOptions> options,
    TimeProvider time,
    ILogger<WorkspaceSync> logger) : BackgroundService
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _lastRetry = TimeSpan.FromMinutes(1);

    // Each failure is followed by twice the wait: this is half a minute.
    private const int LongFailing = 5;
    private const string NotSealed = "what was written last could not be sealed on the node; it is tried again, and the "
        + "server's log says why";

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, SyncTurn> _turns = [];
    private readonly Channel<SyncTurn> _due = Channel.CreateUnbounded<SyncTurn>();

    /// <summary>
    /// Has a workspace synced. Returns when a sync that began after this call has come to an end, however it did.
    /// </summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="isWhole">Whether it is to hold also what a guest has in its memory only, and not on its disk.</param>
    public Task RequestAsync(Guid workspace, bool isWhole = false)
    {
        lock (_lock)
        {
            if (!_turns.TryGetValue(workspace, out var turn))
            {
                turn = new SyncTurn(workspace);
                _turns.Add(workspace, turn);
                _ = _due.Writer.TryWrite(turn);
            }

            return turn.Ask(isWhole);
        }
    }

    /// <summary>Has what a job wrote synced, when it is kept; nobody waits for it.</summary>
    /// <param name="disk">The job's disk.</param>
    /// <param name="isWhole">Whether a guest still has it.</param>
    public void Request(JobDisk disk, bool isWhole)
    {
        if (disk.Kept is { } workspace)
        {
            _ = RequestAsync(workspace, isWhole);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(
                Enumerable.Range(0, options.Value.ParallelSyncs).Select(_ => WorkAsync(stoppingToken))
                    .Append(FollowAsync(stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; what is pending is found in the rows at the next start.
        }
    }

    /// <summary>Asks for what the last run has left, and then for what guests write.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        // Not to hold up the start of the server, nor to be ended by a store that is down.
        await Task.Yield();
        await TryAsync(() => gate.OpenAsync(cancellationToken));
        await recovery.Done.WaitAsync(cancellationToken);
        await TryAsync(async () =>
        {
            foreach (var workspace in await snapshots.ListPendingAsync(cancellationToken))
            {
                _ = RequestAsync(workspace);
            }
        });
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.SyncSeconds), time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var workspace in live.Workspaces)
            {
                await TryAsync(() => FollowAsync(workspace, cancellationToken));
            }
        }
    }

    private async Task FollowAsync(Guid workspace, CancellationToken cancellationToken)
    {
        if (await live.HasChangedAsync(workspace, cancellationToken)
            && await snapshots.IsPersistentAsync(workspace, cancellationToken))
        {
            _ = RequestAsync(workspace);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await foreach (var turn in _due.Reader.ReadAllAsync(cancellationToken))
        {
            bool isWhole;
            lock (_lock)
            {
                isWhole = turn.Begin();
            }

            var isDone = await SyncAsync(turn, isWhole, cancellationToken);
            lock (_lock)
            {
                var isAskedFor = turn.End(isDone);
                if (!isDone)
                {
                    _ = RetryAsync(turn, cancellationToken);
                }
                else if (isAskedFor)
                {
                    _ = _due.Writer.TryWrite(turn);
                }
                else
                {
                    _ = _turns.Remove(turn.Workspace);
                }
            }
        }
    }

    private async Task RetryAsync(SyncTurn turn, CancellationToken cancellationToken)
    {
        try
        {
            await turn.UntilNextTryAsync(_firstRetry, _lastRetry, time, cancellationToken);
            _ = _due.Writer.TryWrite(turn);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task<bool> SyncAsync(SyncTurn turn, bool isWhole, CancellationToken cancellationToken)
    {
        var workspace = turn.Workspace;
        var isSealed = false;
        try
        {
            var until = time.GetUtcNow();
            if (!await snapshots.IsPersistentAsync(workspace, cancellationToken))
            {
                return true;
            }

            isSealed = await live.SealAsync(workspace, isWhole, cancellationToken);
            if (!isSealed)
            {
                // What is sealed now would be told as all that was written until now. Most often its sandbox is about to end.
                if (turn.Failures >= LongFailing)
                {
                    await snapshots.SetErrorAsync(workspace, NotSealed, CancellationToken.None);
                }

                return false;
            }

            try
            {
                await uploader.UploadAsync(workspace, until, cancellationToken);
            }
            finally
            {
                shortener.NoteGrown(workspace);
            }

            return true;
        }
#pragma warning disable CA1031 // The edge of a background loop: whatever it is, it is shown, and tried again.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogFailed(workspace, exception);
            await NoteAsync(workspace, exception);
            return false;
        }
        finally
        {
            if (isWhole && !isSealed)
            {
                lock (_lock)
                {
                    turn.KeepWhole();
                }
            }
        }
    }

    private async Task NoteAsync(Guid workspace, Exception exception)
    {
        if (exception is ObjectStoreException)
        {
            gate.Note(exception.Message);
        }

        if (exception is not DatabaseException)
        {
            var sentence = exception is ObjectStoreException or MachineException
                ? exception.Message
                : $"the server failed: {exception.Message}";
            await TryAsync(() => snapshots.SetErrorAsync(workspace, sentence, CancellationToken.None));
        }
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (exception is ObjectStoreException or DatabaseException)
        {
            LogNotYet(exception.Message);
        }
#pragma warning disable CA1031 // The edge of a background loop: whatever one workspace has, the others are followed.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogFault(exception);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Workspace {Workspace} could not be synced; tried again")]
    private partial void LogFailed(Guid workspace, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Not yet: {Reason}")]
    private partial void LogNotYet(string reason);

    [LoggerMessage(LogLevel.Error, "A workspace could not be looked after; tried again")]
    private partial void LogFault(Exception exception);
}
