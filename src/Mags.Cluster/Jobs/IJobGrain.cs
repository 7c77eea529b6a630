namespace Mags.Cluster.Jobs;

/// <summary>
/// One job; its key is the job's id. Its one activation in the cluster decides every change of the job's state,
/// and each is written before it is told. A call carries decisions only, no output, and lasts under 5 s.
/// </summary>
[Alias("Mags.Job")]
public interface IJobGrain : IGrainWithGuidKey
{
    /// <summary>Has the job run on this node, when it waits to. May be repeated.</summary>
    [Alias("Start")]
    Task StartAsync();

    /// <summary>
    /// Ends the job as completed, in whatever state it is; nothing changes on an ended one. May be repeated.
    /// </summary>
    /// <returns>Whether its machine is gone and its disk made durable; when not, the end goes on.</returns>
    [Alias("Stop")]
    Task<bool> StopAsync();

    /// <summary>
    /// What became of the job when its server died: it is started when it never ran, ended truthfully when its script was
    /// cut off, and given a sandbox again on its disk when it is persistent and its script had ended.
    /// </summary>
    [Alias("Recover")]
    Task RecoverAsync();

    /// <summary>Its runner has a machine for it and asks whether to run the script.</summary>
    /// <returns>False when the job was stopped meanwhile: then the script must not run.</returns>
    [Alias("MachineReady")]
    Task<bool> MachineReadyAsync(string machineId, string accelerator);

    /// <summary>The script of a persistent job has ended; its sandbox lives on.</summary>
    [Alias("ScriptEnded")]
    Task ScriptEndedAsync(JobOutcome outcome);

    /// <summary>Its runner is done with it, and its machine is gone.</summary>
    [Alias("End")]
    Task EndAsync(JobOutcome outcome);
}
