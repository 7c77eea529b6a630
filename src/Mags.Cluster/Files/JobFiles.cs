using Mags.Data.Files;
using Mags.Data.Jobs;
using Mags.Machines;
using Mags.Storage.Objects;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Files;

/// <summary>Places a job's uploaded files in its sandbox, ahead of its script.</summary>
internal sealed partial class JobFiles(
    FileStore files, Uploads uploads, IOptions<UploadOptions> options, TimeProvider time, ILogger<JobFiles> logger)
{
    /// <summary>Places them. Of files with one name the last one counts, and it alone is sent.</summary>
    /// <param name="machine">The sandbox.</param>
    /// <param name="input">What the job names.</param>
    /// <param name="stopped">Cancelled when the job or the server is stopped.</param>
    /// <returns>Why they cannot be, in a sentence; null when they are.</returns>
    public async Task<string?> PlaceAsync(IMachine machine, JobInputRow input, CancellationToken stopped)
    {
        var ids = FileIds.Read(input.FileIdsJson);
        if (ids.Count == 0)
        {
            return null;
        }

        var rows = (await files.FindAsync(ids, stopped)).ToDictionary(file => file.Id);
        if (ids.FirstOrDefault(id => !rows.ContainsKey(id)) is var missing && missing != default)
        {
            return $"uploaded file {missing} is gone";
        }

        var wanted = ids.Select(id => rows[id]).Reverse().DistinctBy(file => file.Name, StringComparer.Ordinal).Reverse();
        return await PlaceAsync(machine, [.. wanted], input.JobId, stopped);
    }

    private async Task<string?> PlaceAsync(
        IMachine machine, IReadOnlyList<FileRow> wanted, Guid jobId, CancellationToken stopped)
    {
        var began = time.GetTimestamp();
        using var timer = new CancellationTokenSource(TimeSpan.FromSeconds(options.Value.PlacementSeconds), time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopped, timer.Token);
        FileRow? current = null;
        try
        {
            await machine.PutFilesAsync(
                [.. wanted.Select(file => new MachineFile(file.Name, token => OpenAsync(file, token)))], limit.Token);
            LogPlaced(
                wanted.Count, wanted.Sum(file => file.Bytes), jobId, time.GetElapsedTime(began).TotalMilliseconds);
            return null;
        }
        catch (ObjectStoreException exception)
        {
            return $"uploaded file `{current?.Name}` cannot be read: {exception.Message}";
        }
        catch (MachineException exception)
        {
            return exception.Reason == MachineFault.Ended ? exception.Message : $"file `{current?.Name}`: {exception.Message}";
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !stopped.IsCancellationRequested)
        {
            return $"the uploaded files were not in the sandbox within {options.Value.PlacementSeconds} s "
                + $"(Files:PlacementSeconds); it was at `{current?.Name}`";
        }

        Task<Stream> OpenAsync(FileRow file, CancellationToken cancellationToken)
        {
            current = file;
            return this.OpenAsync(file, cancellationToken);
        }
    }

    private async Task<Stream> OpenAsync(FileRow file, CancellationToken cancellationToken) =>
        await uploads.OpenAsync(file, cancellationToken) ?? throw new ObjectStoreException(
            ObjectStoreFault.Damaged, "its content is not in the object store any more; upload the file again");

    [LoggerMessage(LogLevel.Information, "{Count} files of {Bytes} bytes were placed for job {JobId} in {Milliseconds:F0} ms")]
    private partial void LogPlaced(int count, long bytes, Guid jobId, double milliseconds);
}
