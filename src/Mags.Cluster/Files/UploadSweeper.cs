using Mags.Data;
using Mags.Data.Files;
using Mags.Storage.Objects;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Files;

/// <summary>
/// Removes uploaded files that nobody has used for long, the row first and then the content; and now and then contents
/// without a row, which a crash has left. Any number of servers may do so on one database and store.
/// </summary>
internal sealed partial class UploadSweeper(
    FileStore files, Uploads uploads, IOptions<UploadOptions> options, TimeProvider time, ILogger<UploadSweeper> logger)
    : BackgroundService
{
    private const int Batch = 100;
    private const double RoundsPerExpiry = 4;

    private static readonly TimeSpan _shortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMinutes(10);

    // A content is in the store before its row is written: a young one may yet get its row.
    private static readonly TimeSpan _grace = TimeSpan.FromHours(1);
    private static readonly TimeSpan _betweenSearches = TimeSpan.FromHours(24);

    private DateTimeOffset? _searchedAt;

    /// <summary>One round.</summary>
    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        IReadOnlyList<Guid> expired;
        do
        {
            expired = await files.ExpireAsync(now - options.Value.Expiry, Batch, cancellationToken);
            foreach (var id in expired)
            {
                await uploads.RemoveContentAsync(id, cancellationToken);
                LogExpired(id);
            }
        }
        while (expired.Count == Batch);

        if (_searchedAt is not { } before || now - before >= _betweenSearches)
        {
            await SearchAsync(now, cancellationToken);
            _searchedAt = now;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = options.Value.Expiry / RoundsPerExpiry;
        using var timer = new PeriodicTimer(
            pause < _shortestPause ? _shortestPause : pause > _longestPause ? _longestPause : pause, time);
        try
        {
            do
            {
                await TrySweepAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task TrySweepAsync(CancellationToken stoppingToken)
    {
        try
        {
            await SweepAsync(stoppingToken);
        }
        catch (Exception exception) when (exception is DatabaseException or ObjectStoreException)
        {
            LogFailed(exception.Message);
        }
    }

    /// <summary>Removes contents without a row.</summary>
    private async Task SearchAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var old = new List<Guid>();
        await foreach (var (id, writtenAt) in uploads.ListContentsAsync(cancellationToken))
        {
            if (now - writtenAt >= _grace)
            {
                old.Add(id);
            }
        }

        foreach (var some in old.Chunk(Batch))
        {
            var there = (await files.FindAsync(some, cancellationToken)).Select(file => file.Id).ToHashSet();
            foreach (var id in some.Where(id => !there.Contains(id)))
            {
                await uploads.RemoveContentAsync(id, cancellationToken);
                LogOrphan(id);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "File {FileId} has expired and is removed")]
    private partial void LogExpired(Guid fileId);

    [LoggerMessage(LogLevel.Warning, "The content of file {FileId}, which has no row, is removed")]
    private partial void LogOrphan(Guid fileId);

    [LoggerMessage(LogLevel.Warning, "Unused files could not be removed; tried again later: {Message}")]
    private partial void LogFailed(string message);
}
