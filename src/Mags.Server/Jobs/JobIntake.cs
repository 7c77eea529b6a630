using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mags.Cluster.Jobs;
using Mags.Data.Accounts;
using Mags.Data.Jobs;
using Mags.Machines;
using Mags.Server.Errors;
using Microsoft.Extensions.Options;

namespace Mags.Server.Jobs;

/// <summary>Accepts jobs: from here on they are durable and will reach a final state.</summary>
internal sealed partial class JobIntake(
    JobStore jobs,
    JobDispatcher dispatcher,
    IMachineHost host,
    IHostApplicationLifetime lifetime,
    IOptions<JobLimitOptions> limits,
    IOptions<MachinesOptions> machines,
    TimeProvider time,
    ILogger<JobIntake> logger)
{
    private const int SubdomainLength = 12;
    private const int MaxFirstLineLength = 1024;
    private const long BytesPerMib = 1024 * 1024;

    /// <summary>Why no job at all can be accepted now; null when one can.</summary>
    public ErrorResult? Refusal()
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return ErrorResult.Unavailable("the server is stopping; try again when it runs again");
        }

        if (host.Status is { State: HostState.Failed } status)
        {
            return ErrorResult.Unavailable($"the server can run no sandbox: {status.Reason}");
        }

        var freeMib = new DriveInfo(machines.Value.Home).AvailableFreeSpace / BytesPerMib;
        return freeMib < limits.Value.MinFreeDiskMib
            ? ErrorResult.Unavailable(
                $"the server's disk is full: {freeMib} MiB are free under {machines.Value.Home}, "
                + $"{limits.Value.MinFreeDiskMib} are needed (JobLimits:MinFreeDiskMib)")
            : null;
    }

    /// <summary>Writes a job and has it started.</summary>
    /// <returns>The job's id; it is durable.</returns>
    public async Task<Guid> AcceptAsync(Caller caller, JobSpec spec, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var job = new JobRow
        {
            Id = Guid.CreateVersion7(now),
            UserId = caller.UserId,
            Name = spec.Name ?? JobNames.New(),
            State = JobState.Pending,
            ScriptFirstLine = FirstLine(spec.Script),
            Image = spec.Image,
            Isolation = spec.Isolation,
            Vcpus = spec.Vcpus,
            MemoryMib = spec.MemoryMib,
            DiskGb = spec.DiskGb,
            TimeoutSeconds = spec.TimeoutSeconds,
            Subdomain = RandomNumberGenerator.GetHexString(SubdomainLength, lowercase: true),
            CreatedAt = now,
        };
        var input = new JobInputRow
        {
            JobId = job.Id,
            Script = Encoding.UTF8.GetBytes(spec.Script),
            EnvironmentJson = JsonSerializer.Serialize(
                spec.Environment, EnvironmentJson.Default.IReadOnlyDictionaryStringString),
        };
        await jobs.AddAsync(job, input, cancellationToken);
        LogAccepted(job.Id, job.Image, job.Vcpus, job.MemoryMib);
        dispatcher.Dispatch(job.Id);
        return job.Id;
    }

    private static string FirstLine(string script)
    {
        var end = script.IndexOf('\n', StringComparison.Ordinal);
        var line = end < 0 ? script : script[..end];
        return line.Length <= MaxFirstLineLength ? line : line[..MaxFirstLineLength];
    }

    [LoggerMessage(LogLevel.Information, "Job {JobId} accepted ({Image}, {Vcpus} vCPU, {MemoryMib} MiB)")]
    private partial void LogAccepted(Guid jobId, string image, int vcpus, int memoryMib);
}
