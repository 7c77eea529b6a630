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
    /// <summary>Sets what the job takes from its workspace or base, and makes the workspace when there is none.</summary>
    /// <returns>Why it cannot have it; null when it has.</returns>
    public async Task<JobRefusal?> TakeAsync()
    {
        await db.LockUserAsync(job.UserId);
        if (wish.Name is not { } name)
        {
            return wish.Base is { } read ? await StartFromAsync(read) : null;
        }

        (job.WorkspaceId, job.BaseWorkspaceId) = (name, wish.Base);
        if (await ActiveJobAsync(name) is { } active)
        {
            return new WorkspaceRefusal(WorkspaceRefusalKind.Busy, name, active);
        }

        var workspace = await FindAsync(name);
        if (workspace is not null)
        {
            return Fit(workspace) ?? Use(workspace);
        }

        var from = wish.Base is { } forked ? await FindAsync(forked) : null;
        if (wish.Base is { } missing && from is null)
        {
            return NoBase(missing);
        }

        if (from is not null && Fit(from) is { } unfit)
        {
            return unfit;
        }

        db.Add(Make(name, from));
        return null;
    }

    private async Task<JobRefusal?> StartFromAsync(string name)
    {
        job.BaseWorkspaceId = name;
        if (await FindAsync(name) is not { } from)
        {
            return NoBase(name);
        }

        from.LastUsedAt = job.CreatedAt;
        return Fit(from);
    }

    private WorkspaceRow Make(string name, WorkspaceRow? from) => new()
    {
        Id = Guid.CreateVersion7(),
        UserId = job.UserId,
        Name = name,
        Image = job.Image,
        ImageDigest = from?.ImageDigest,
        DiskGb = job.DiskGb,
        BaseWorkspaceId = from?.Name,
        TopLayerId = from?.TopLayerId,
        Bytes = from?.Bytes ?? 0,
        JobCount = 1,
        CreatedAt = job.CreatedAt,
        LastUsedAt = job.CreatedAt,
    };

    /// <summary>Sets the job's image and size by those of a disk; the disk may grow.</summary>
    private WorkspaceRefusal? Fit(WorkspaceRow disk)
    {
        if (wish.Image is { } image && image != disk.Image)
        {
            return new WorkspaceRefusal(WorkspaceRefusalKind.OtherImage, disk.Name, disk.Image);
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
        workspace.JobCount++;
        workspace.LastUsedAt = job.CreatedAt;
        return null;
    }

    private static WorkspaceRefusal NoBase(string name) => new(WorkspaceRefusalKind.NoBase, name, "");

    private Task<WorkspaceRow?> FindAsync(string name) => db.Workspaces.AsTracking()
        .FirstOrDefaultAsync(workspace => workspace.UserId == job.UserId && workspace.Name == name);

    private Task<string?> ActiveJobAsync(string name) => db.Jobs
        .Where(other => other.UserId == job.UserId && other.WorkspaceId == name
            && !EF.Property<bool>(other, JobTables.Ended))
        .Select(other => (string?)other.Name)
        .FirstOrDefaultAsync();
}
