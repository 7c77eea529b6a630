using System.Text.RegularExpressions;
using Mags.Contracts.Jobs;
using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>
/// What the contract has and this version does not offer: asking for it is refused, so that nobody believes to have
/// been given it. What would be wrong in any version is refused as that first.
/// </summary>
internal static partial class NotOfferedRules
{
    public static ErrorResult? Check(CreateJobRequest request) => CheckMeaning(request) ?? Asked(request)
        .Where(field => field.IsAsked)
        .Select(field => ErrorResult.NotSupported(
            $"field `{field.Name}`: {field.What} not offered by this version of the server; leave the field out"))
        .FirstOrDefault();

    private static ErrorResult? CheckMeaning(CreateJobRequest request)
    {
        if (CheckId("workspace_id", request.WorkspaceId) is { } workspace)
        {
            return workspace;
        }

        if (CheckId("base_workspace_id", request.BaseWorkspaceId) is { } from)
        {
            return from;
        }

        if (!string.IsNullOrEmpty(request.WorkspaceId) && request.WorkspaceId == request.BaseWorkspaceId)
        {
            return ErrorResult.BadRequest(
                "field `base_workspace_id` must not be the same as `workspace_id`: a base is never changed");
        }

        return request.NoSleep == true && request.Persistent != true
            ? ErrorResult.BadRequest("field `no_sleep` needs `persistent: true`: no other job sleeps")
            : null;
    }

    private static ErrorResult? CheckId(string field, string? id) =>
        !string.IsNullOrEmpty(id) && !IdPattern().IsMatch(id)
            ? ErrorResult.BadRequest(
                $"field `{field}` must begin with a letter or digit and be at most 63 letters, digits, dots, "
                + "underscores and hyphens")
            : null;

    private static IEnumerable<(string Name, bool IsAsked, string What)> Asked(CreateJobRequest request) =>
    [
        ("workspace_id", !string.IsNullOrEmpty(request.WorkspaceId), "workspaces are"),
        ("base_workspace_id", !string.IsNullOrEmpty(request.BaseWorkspaceId), "workspaces are"),
        ("persistent", request.Persistent == true, "persistent sandboxes are"),
        ("no_sync", request.NoSync == true, "persistent sandboxes are"),
        ("startup_command", !string.IsNullOrEmpty(request.StartupCommand), "sleep and wake are"),
        ("file_ids", request.FileIds is { Count: > 0 }, "uploaded files are"),
    ];

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex IdPattern();
}
