namespace Mags.Data;

/// <summary>One database: how its rows are read and written, whatever its engine.</summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>What the database is called in messages; without a password.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Runs a read on a connection of its own. The context does not track. A token cannot be given to a compiled
    /// query that yields one row, so it is looked at here: such a read is one short statement.
    /// </summary>
    public async Task<T> ReadAsync<T>(Func<MagsDbContext, Task<T>> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await using var db = CreateReader();
            return await read(db);
        }
        catch (Exception exception) when (Translate(exception) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>
    /// Runs a read of several statements, which all see the rows as they are at the first of them: what others write in
    /// between is not seen by half.
    /// </summary>
    public Task<T> ReadWholeAsync<T>(Func<MagsDbContext, Task<T>> read, CancellationToken cancellationToken) =>
        ReadAsync(
            async db =>
            {
                await using var view = await BeginViewAsync(db);
                return await read(db);
            },
            cancellationToken);

    /// <summary>
    /// Runs a write in a transaction; what it wrote is durable when this returns. Cancelling takes it back as long as
    /// it has not begun; after that it is carried out, and told as it went.
    /// </summary>
    /// <param name="write">
    /// Changes and saves. What it throws undoes this write alone and reaches the caller. It must wait for nothing but
    /// the database.
    /// </param>
    /// <param name="cancellationToken">See above.</param>
    public abstract Task<T> WriteAsync<T>(Func<MagsDbContext, Task<T>> write, CancellationToken cancellationToken);

    /// <summary>Brings the tables up to this version, safely against others that do so at the same time.</summary>
    public abstract Task MigrateAsync(MagsDbContext db, CancellationToken cancellationToken);

    /// <summary>A context with an own connection outside the pools, for the migrator.</summary>
    public abstract MagsDbContext CreateMigrating();

    /// <summary>The fault in our words; null when this is none of the database.</summary>
    public abstract DatabaseException? Translate(Exception exception);

    /// <summary>Carries out the writes that wait and closes the connections.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>A pooled context that does not track.</summary>
    protected abstract MagsDbContext CreateReader();

    /// <summary>Begins a transaction that only reads, and sees the rows as they are at its first statement.</summary>
    protected abstract Task<IAsyncDisposable> BeginViewAsync(MagsDbContext db);
}
