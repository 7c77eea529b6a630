using System.Threading.Channels;
using Microsoft.EntityFrameworkCore.Storage;

namespace Mags.Data.Writes;

/// <summary>
/// All writes of a database that has one writer. One loop takes what waits, runs each write in a savepoint of one
/// transaction, commits once and only then tells the callers: under load many writes share one disk flush, alone a
/// write costs one.
/// </summary>
internal sealed class WriteQueue : IAsyncDisposable
{
    /// <summary>Writes in one transaction at most; bounds how long its first caller waits for the others.</summary>
    private const int MaxBatch = 128;

    /// <summary>Writes that wait at most; further callers wait to get in. Bounds memory: each may hold a script.</summary>
    private const int Capacity = 1024;

    private const string Savepoint = "w";

    private readonly Func<CancellationToken, Task<MagsDbContext>> _openWriter;
    private readonly Func<Exception, DatabaseException?> _translate;
    private readonly Channel<PendingWrite> _waiting = Channel.CreateBounded<PendingWrite>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly Task _loop;
    private MagsDbContext? _writer;

    /// <param name="openWriter">Opens the one writing connection; again after a fault that spoilt it.</param>
    /// <param name="translate">Puts the engine's faults in our words; null for what is none.</param>
    public WriteQueue(
        Func<CancellationToken, Task<MagsDbContext>> openWriter,
        Func<Exception, DatabaseException?> translate)
    {
        _openWriter = openWriter;
        _translate = translate;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Queues a write and waits until it is durable; see <see cref="Database.WriteAsync"/>.</summary>
    public async Task<T> WriteAsync<T>(Func<MagsDbContext, Task<T>> write, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = new PendingWrite<T>(write);
        try
        {
            await _waiting.Writer.WriteAsync(pending, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(WriteQueue), "The database is closed: the server shuts down.");
        }

        return await pending.WaitAsync(cancellationToken);
    }

    /// <summary>Takes no more writes, carries out those that wait and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        var batch = new List<PendingWrite>(MaxBatch);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var write))
            {
                if (write.TryBegin())
                {
                    batch.Add(write);
                }
            }

            await WriteAsync(batch);
            batch.Clear();
        }

        await CloseWriterAsync();
    }

    private async Task WriteAsync(List<PendingWrite> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            _writer ??= await _openWriter(CancellationToken.None);
            await using var transaction = await _writer.Database.BeginTransactionAsync();
            await ExecuteAsync(_writer, transaction, batch);
            await transaction.CommitAsync();
            batch.ForEach(write => write.Complete());
        }
#pragma warning disable CA1031 // The edge of the loop: whatever it is, the callers are told and the next batch is written.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // Nothing of the batch counts.
            var fault = _translate(exception) ?? exception;
            batch.ForEach(write => write.Fail(fault));
            await CloseWriterAsync();
        }
    }

    private async Task ExecuteAsync(MagsDbContext writer, IDbContextTransaction transaction, List<PendingWrite> batch)
    {
        foreach (var write in batch)
        {
            await transaction.CreateSavepointAsync(Savepoint);
            try
            {
                await write.ExecuteAsync(writer);
                await transaction.ReleaseSavepointAsync(Savepoint);
            }
#pragma warning disable CA1031 // A write's fault belongs to its caller alone.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                write.Fault = _translate(exception) ?? exception;
                await UndoAsync(transaction, write.Fault);
            }
            finally
            {
                writer.ChangeTracker.Clear();
            }
        }
    }

    /// <summary>
    /// Undoes one write. On some faults (disk full, I/O error) SQLite has undone the whole transaction by itself: then
    /// the batch fails as a whole, instead of telling somebody that a lost write is durable.
    /// </summary>
    private static async Task UndoAsync(IDbContextTransaction transaction, Exception fault)
    {
        try
        {
            await transaction.RollbackToSavepointAsync(Savepoint);
        }
        catch (Exception lost)
        {
            throw fault as DatabaseException ?? new DatabaseException(
                DatabaseFault.Engine, "The database undid a transaction because one write in it failed.", lost);
        }
    }

    private async Task CloseWriterAsync()
    {
        if (_writer is { } writer)
        {
            _writer = null;
            await writer.DisposeAsync();
        }
    }
}
