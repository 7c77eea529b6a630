namespace Mags.Data.Jobs;

/// <summary>What a job runs: one row a job, apart from <see cref="JobRow"/> so that lists never read a script.</summary>
public sealed class JobInputRow
{
    /// <summary>The job's id.</summary>
    public required Guid JobId { get; set; }

    /// <summary>The script, UTF-8.</summary>
    public required byte[] Script { get; set; }

    /// <summary>Environment as a JSON object of strings.</summary>
    public required string EnvironmentJson { get; set; }

    /// <summary>Ids of the uploaded files that it gets, as a JSON list in their order; null for none.</summary>
    public string? FileIdsJson { get; set; }
}
