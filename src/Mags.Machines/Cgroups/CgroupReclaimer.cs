using Mags.Machines.Native;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Cgroups;

/// <summary>Ends what is in the cgroups of machines that have no living owner, and removes these cgroups.</summary>
internal sealed class CgroupReclaimer(CgroupRecord record, TimeProvider time)
{
    /// <summary>Reclaims; returns the ids of the machines.</summary>
    internal async Task<IReadOnlySet<string>> RunAsync(
        IReadOnlySet<string> living, CancellationToken cancellationToken)
    {
        var reclaimed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in record.Read().Where(Directory.Exists).SelectMany(Directory.GetDirectories))
        {
            var machineId = Path.GetFileName(folder);
            if (!living.Contains(machineId))
            {
                await KillAllAsync(folder, cancellationToken);
                Directory.Delete(folder);
                _ = reclaimed.Add(machineId);
            }
        }

        record.Prune();
        return reclaimed;
    }

    private async Task KillAllAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (var pid in CgroupFile.ReadProcesses(folder))
        {
            try
            {
                using var process = ChildProcess.Attach(pid);
                // Looked at again now that the handle is held: the number may mean another process since.
                if (CgroupFile.ReadProcesses(folder).Contains(pid))
                {
                    process.Kill();
                    _ = await process.Exited.WaitAsync(LeftoverReclaimer.KillLimit, time, cancellationToken);
                }
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }
    }
}
