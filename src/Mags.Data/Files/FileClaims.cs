using Mags.Data.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Files;

/// <summary>
/// Checks the files that a job which is being added names, inside the same transaction, and notes that they are used: from
/// then on they do not expire under it.
/// </summary>
internal sealed class FileClaims(MagsDbContext db, JobRow job, JobInputRow input)
{
    /// <returns>Why they cannot be had; null when they can.</returns>
    public async Task<JobRefusal?> TakeAsync()
    {
        var ids = FileIds.Read(input.FileIdsJson).Distinct().ToList();
        if (ids.Count == 0)
        {
            return null;
        }

        var mine = db.Files.Where(file => file.UserId == job.UserId && ids.Contains(file.Id));
        // One that is being removed meanwhile is waited for, and then is not among them.
        var used = await mine.ExecuteUpdateAsync(row => row.SetProperty(file => file.LastUsedAt, job.CreatedAt));
        if (used == ids.Count)
        {
            return null;
        }

        var there = await mine.Select(file => file.Id).ToListAsync();
        return new FileRefusal(ids.First(id => !there.Contains(id)));
    }
}
