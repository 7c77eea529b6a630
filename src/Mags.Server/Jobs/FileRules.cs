using Mags.Contracts.Jobs;
using Mags.Data.Files;
using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>What a job may say of uploaded files, and why it is not given them.</summary>
internal static class FileRules
{
    /// <summary>Checks all but whether the files are there, which is known when the job is added.</summary>
    public static ErrorResult? Check(CreateJobRequest request, JobLimitOptions limits)
    {
        var ids = request.FileIds ?? [];
        if (ids.Count > limits.MaxFiles)
        {
            return ErrorResult.BadRequest(
                $"field `file_ids` names {ids.Count} files; the limit is {limits.MaxFiles} (JobLimits:MaxFiles)");
        }

        // JSON's null gets past the type of a list.
        return ids.Any(id => id is null)
            ? ErrorResult.BadRequest("field `file_ids` must be a list of strings")
            : ids.FirstOrDefault(id => !Guid.TryParseExact(id, "D", out _)) is { } unknown
            ? Unknown(unknown)
            : null;
    }

    /// <summary>The files of a request that was checked.</summary>
    public static IReadOnlyList<Guid> IdsOf(CreateJobRequest request) =>
        [.. (request.FileIds ?? []).Select(id => Guid.ParseExact(id, "D"))];

    /// <summary>A refusal in words.</summary>
    public static ErrorResult Refuse(FileRefusal refusal) => Unknown(refusal.Id.ToString());

    private static ErrorResult Unknown(string id) => ErrorResult.BadRequest(
        $"field `file_ids`: there is no uploaded file `{(id.Length <= 64 ? id : id[..64] + "…")}`, or it has expired; upload it "
        + "(POST /mags-files) and name the `file_id` of the answer");
}
