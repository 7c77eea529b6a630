using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mags.Cluster.Jobs;
using Mags.Data.Accounts;
using Mags.Data.Files;
using Mags.Data.Jobs;
using Mags.Data.Workspaces;
using Mags.Machines;
using Mags.Server.Errors;
using Mags.Server.Workspaces;
using Microsoft.Extensions.Options;

namespace Mags.Server.Jobs;

/// <summary>Accepts jobs, or says why not: from here on they are durable and will reach a final state.</summary>
internal sealed partial class JobIntake(
    JobStore jobs,
    JobIds ids,
    JobDispatcher dispatcher,
    IMachineHost host,
    IHostApplicationLifetime lifetime,
    IOptions<JobLimitOptions> limits,
    IOptions<UserLimitOptions> userLimits,
    IOptions<JobOptions> jobOptions,
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
        if (lifetime.ApplicationStopping.IsCancellationRequested || !dispatcher.Accepts)
        {
            return ErrorResult.Unavailable("the server is stopping; try again when it runs again", userLimits.Value.RetryAfter);
        }

        if (host.Status is { State: HostState.Failed } status)
        {
            return ErrorResult.Unavailable($"the server can run no sandbox: {status.Reason}");
        }

        return DiskRefusal();
    }

    /// <summary>Why nothing can be kept on this node's disk now; null when it can.</summary>
    public ErrorResult? DiskRefusal()
    {
        var freeMib = new DriveInfo(machines.Value.Home).AvailableFreeSpace / BytesPerMib;
        return freeMib < limits.Value.MinFreeDiskMib
            ? ErrorResult.Unavailable(
                $"the server's disk is full: {freeMib} MiB are free under {machines.Value.Home}, "
                + $"{limits.Value.MinFreeDiskMib} are needed (JobLimits:MinFreeDiskMib)")
            : null;
    }

    /// <summary>Why this job cannot be accepted on this node; null when it can.</summary>
    public ErrorResult? Refusal(JobSpec spec) =>
        spec.Network == true && host.Status.NetworkAbsence is { } reason
            ? ErrorResult.NotSupported(
                $"field `network` must not be true here: this server gives sandboxes no network. {reason}")
            : null;

    /// <summary>Writes a job and has it started.</summary>
    /// <returns>The job's id, when it is durable, else why it was not taken.</returns>
    public async Task<(Guid Id, ErrorResult? Refusal)> AcceptAsync(
        Caller caller, JobSpec spec, CancellationToken cancellationToken)
    {
        var id = ids.Next();
        if (!dispatcher.TryReserve(id))
        {
            return (id, ErrorResult.Unavailable(
                $"{jobOptions.Value.MaxPending} jobs wait already, as many as may (Jobs:MaxPending); try again later",
                userLimits.Value.RetryAfter));
        }

        JobRefusal? refusal = null;
        var written = false;
        try
        {
            refusal = await jobs.AddAsync(
                RowOf(id, caller, spec), InputOf(id, spec), userLimits.Value.Quota, spec.Workspace, cancellationToken);
            written = refusal is null;
        }
        finally
        {
            if (!written)
            {
                dispatcher.TakeBack(id);
            }
        }

        if (refusal is not null)
        {
            return (id, Refuse(refusal));
        }

        LogAccepted(id, spec.Image, spec.Vcpus, spec.MemoryMib);
        dispatcher.Dispatch(id);
        return (id, null);
    }

    private ErrorResult Refuse(JobRefusal refusal) => refusal switch
    {
        JobQuotaExcess excess => UserLimits.Refuse(excess, userLimits.Value),
        WorkspaceRefusal workspace => WorkspaceRules.Refuse(workspace),
        FileRefusal file => FileRules.Refuse(file),
        _ => throw new InvalidOperationException($"{refusal} has no words"),
    };

    private JobRow RowOf(Guid id, Caller caller, JobSpec spec) => new()
    {
        Id = id,
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
        Persistent = spec.Persistent,
        NoSync = spec.NoSync,
        NoSleep = spec.NoSleep,
        StartupCommand = spec.StartupCommand,
        Network = spec.Network,
        Subdomain = RandomNumberGenerator.GetHexString(SubdomainLength, lowercase: true),
        CreatedAt = time.GetUtcNow(),
    };

    private static JobInputRow InputOf(Guid id, JobSpec spec) => new()
    {
        JobId = id,
        Script = Encoding.UTF8.GetBytes(spec.Script),
        EnvironmentJson = JsonSerializer.Serialize(
            spec.Environment, EnvironmentJson.Default.IReadOnlyDictionaryStringString),
        FileIdsJson = FileIds.Write(spec.Files),
    };

    private static string FirstLine(string script)
    {
        var end = script.IndexOf('\n', StringComparison.Ordinal);
        var line = end < 0 ? script : script[..end];
        if (line.Length <= MaxFirstLineLength)
        {
            return line;
        }

        // Half of a character is none that a database takes.
        var kept = char.IsHighSurrogate(line[MaxFirstLineLength - 1]) ? MaxFirstLineLength - 1 : MaxFirstLineLength;
        return $"{line[..kept]}…";
    }

    [LoggerMessage(LogLevel.Information, "Job {JobId} accepted ({Image}, {Vcpus} vCPU, {MemoryMib} MiB)")]
    private partial void LogAccepted(Guid jobId, string image, int vcpus, int memoryMib);
}
