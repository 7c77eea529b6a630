using System.Globalization;
using Mags.Data.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Workspaces;

/// <summary>
/// Gives a job that is being added its workspace, inside the same transaction: that one active job has a workspace is
/// decided here and nowhere else, so it holds however many servers there are.
/// </summary>
internal sealed class WorkspaceClaims(MagsDbContext db, JobRow job, WorkspaceWish wish)
{
    private bool IsSynced => job is { Persistent: true, NoSync: false };

    /// <summary>Sets what the job takes from its workspace or base, and makes the workspace when there is none.</summary>
    /// <returns>Why it cannot have it; null when it has.</returns>
    public async Task<JobRefusal?> TakeAsync()
    {
        await db.LockUserAsync(job.UserId);
        job.BaseWorkspaceId = wish.Base;
        if (wish.Name is not { } name)
        {
            return WorkspaceRow.NameOf(job) is { } own ? await MakeAsync(own) : (await FindBaseAsync()).Refusal;
        }

        job.WorkspaceId = name;
        if (await ActiveJobAsync(name) is { } active)
        {
            return new WorkspaceRefusal(WorkspaceRefusalKind.Busy, name, active);
        }

        return await FindAsync(name) is { } workspace ? Fit(workspace) ?? Use(workspace) : await MakeAsync(name);
    }

    private async Task<JobRefusal?> MakeAsync(string name)
    {
        var (from, refusal) = await FindBaseAsync();
        if (refusal is null)
        {
            db.Add(Make(name, from));
        }

        return refusal;
    }

    private async Task<(WorkspaceRow? From, JobRefusal? Refusal)> FindBaseAsync()
    {
        if (wish.Base is not { } name)
        {
            return (null, null);
        }

        if (await FindAsync(name) is not { } from)
        {
            return (null, new WorkspaceRefusal(WorkspaceRefusalKind.NoBase, name, ""));
        }

        from.LastUsedAt = job.CreatedAt;
        return (from, Fit(from));
    }

    private WorkspaceRow Make(string name, WorkspaceRow? from)
    {
        var made = from is not null
            ? WorkspaceRow.ForkOf(from, name, job.CreatedAt)
            : new WorkspaceRow
            {
                Id = Guid.CreateVersion7(),
                UserId = job.UserId,
                Name = name,
                Image = job.Image,
                DiskGb = job.DiskGb,
                CreatedAt = job.CreatedAt,
                LastUsedAt = job.CreatedAt,
            };
        (made.DiskGb, made.Persistent, made.JobCount) = (job.DiskGb, IsSynced, 1);
        made.OwnerJobId = wish.Name is null ? job.Id : null;
        return made;
    }

    /// <summary>Sets the job's image and size by those of a disk; the disk may grow.</summary>
    private WorkspaceRefusal? Fit(WorkspaceRow disk)
    {
        if (wish.Image is { } image && image != disk.Image)
        {
            return new WorkspaceRefusal(WorkspaceRefusalKind.OtherImage, disk.Name, disk.Image, image);
        }

        if (wish.DiskGb < disk.DiskGb)
        {
            return new WorkspaceRefusal(
                WorkspaceRefusalKind.Larger, disk.Name, disk.DiskGb.ToString(CultureInfo.InvariantCulture));
        }

        (job.Image, job.DiskGb) = (disk.Image, wish.DiskGb ?? disk.DiskGb);
        return null;
    }

    private JobRefusal? Use(WorkspaceRow workspace)
    {
        workspace.DiskGb = job.DiskGb;
        workspace.Persistent |= IsSynced;
        workspace.JobCount++;
        workspace.LastUsedAt = job.CreatedAt;
        return null;
    }

    private Task<WorkspaceRow?> FindAsync(string name) => db.Workspaces.AsTracking()
        .FirstOrDefaultAsync(workspace => workspace.UserId == job.UserId && workspace.Name == name);

    private Task<string?> ActiveJobAsync(string name) => db.Jobs
        .Where(other => other.UserId == job.UserId && other.WorkspaceId == name
            && !EF.Property<bool>(other, JobTables.Ended))
        .Select(other => (string?)other.Name)
        .FirstOrDefaultAsync();
}
