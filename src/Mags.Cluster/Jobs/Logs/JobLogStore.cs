using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Jobs.Logs;

/// <summary>
/// The logs of this node's jobs: append-only files, each written by one <see cref="JobLogWriter"/> and read by any
/// number of readers, who read the files and so never hold up the writer.
/// </summary>
public sealed class JobLogStore(IOptions<JobLogOptions> options, TimeProvider time) : IDisposable
{
    private const int LinesPerRead = 4096;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, JobLogFeed> _feeds = [];
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Opens a job's log for appending, cuts off what a crash left half written at its end.</summary>
    public async Task<JobLogWriter> OpenWriterAsync(Guid jobId, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Value.Folder);
        var position = await RepairAsync(jobId, cancellationToken);
        var feed = Acquire(jobId);
        try
        {
            return new JobLogWriter(
                LogPath(jobId), IndexPath(jobId), position, feed, options.Value.MaxBytes, time, () => Release(feed));
        }
        catch
        {
            Release(feed);
            throw;
        }
    }

    /// <summary>Opens a job's log for reading the lines after number <paramref name="after"/>.</summary>
    public JobLogReader OpenReader(Guid jobId, long after) =>
        new(LogPath(jobId), IndexPath(jobId), after, () => CommittedBytes(jobId));

    /// <summary>
    /// The lines after number <paramref name="after"/>, those that are there and those that come, as they come, until
    /// the job has ended. An empty list is a sign of life while nothing comes.
    /// </summary>
    /// <param name="jobId">The job.</param>
    /// <param name="after">Lines up to this number are passed over.</param>
    /// <param name="hasEnded">Whether the job has ended already, asked once after listening has begun.</param>
    /// <param name="cancellationToken">Ends the following.</param>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> FollowAsync(
        Guid jobId,
        long after,
        Func<CancellationToken, Task<bool>> hasEnded,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var feed = Acquire(jobId);
        try
        {
            var ended = await hasEnded(cancellationToken);
            using var reader = OpenReader(jobId, after);
            while (true)
            {
                var version = feed.Version;
                ended |= feed.Ended;
                var lines = await reader.ReadAsync(LinesPerRead, cancellationToken);
                if (lines.Count > 0)
                {
                    yield return lines;
                }
                else if (ended || _closing.IsCancellationRequested)
                {
                    yield break;
                }
                else if (!await ChangedAsync(feed, version, cancellationToken))
                {
                    yield return [];
                }
            }
        }
        finally
        {
            Release(feed);
        }
    }

    /// <summary>Tells the followers that the job has ended. Its final state is written before.</summary>
    public void End(Guid jobId)
    {
        lock (_gate)
        {
            if (_feeds.TryGetValue(jobId, out var feed))
            {
                feed.End();
            }
        }
    }

    /// <summary>Ends all following: the server stops.</summary>
    public void Close() => _closing.Cancel();

    /// <summary>Cuts off what a crash left half written; answers where the whole records end.</summary>
    internal async Task<LogPosition> RepairAsync(Guid jobId, CancellationToken cancellationToken)
    {
        var path = LogPath(jobId);
        if (!File.Exists(path))
        {
            return new LogPosition(LogFormat.SignatureLength, 0);
        }

        if (new FileInfo(path).Length < LogFormat.SignatureLength)
        {
            File.Delete(path);
            File.Delete(IndexPath(jobId));
            return new LogPosition(LogFormat.SignatureLength, 0);
        }

        using var reader = OpenReader(jobId, 0);
        while ((await reader.ReadAsync(LinesPerRead, cancellationToken)).Count > 0)
        {
            // Reading is what finds the end.
        }

        using var log = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        if (RandomAccess.GetLength(log) > reader.Offset)
        {
            RandomAccess.SetLength(log, reader.Offset);
        }

        return new LogPosition(reader.Offset, reader.Seq);
    }

    /// <inheritdoc/>
    public void Dispose() => _closing.Dispose();

    private string LogPath(Guid jobId) => Path.Combine(options.Value.Folder, $"{jobId:D}.log");

    private string IndexPath(Guid jobId) => Path.Combine(options.Value.Folder, $"{jobId:D}.idx");

    /// <summary>Waits until the feed has something new or the store closes; false when it only got late.</summary>
    private async Task<bool> ChangedAsync(JobLogFeed feed, long version, CancellationToken cancellationToken)
    {
        var heartbeat = TimeSpan.FromSeconds(options.Value.FollowHeartbeatSeconds);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await feed.ChangedAsync(version).WaitAsync(heartbeat, time, either.Token);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    private long? CommittedBytes(Guid jobId)
    {
        lock (_gate)
        {
            return _feeds.TryGetValue(jobId, out var feed) ? feed.CommittedBytes : null;
        }
    }

    private JobLogFeed Acquire(Guid jobId)
    {
        lock (_gate)
        {
            if (!_feeds.TryGetValue(jobId, out var feed))
            {
                _feeds.Add(jobId, feed = new JobLogFeed(jobId));
            }

            feed.Holders++;
            return feed;
        }
    }

    private void Release(JobLogFeed feed)
    {
        lock (_gate)
        {
            if (--feed.Holders == 0)
            {
                _feeds.Remove(feed.JobId);
            }
        }
    }
}
