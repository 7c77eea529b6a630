using Mags.Contracts.Jobs;
using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>No string may hold a NUL byte: kernel, shell and database each would cut it there, or fail.</summary>
internal static class NulRules
{
    public static ErrorResult? Check(CreateJobRequest request) =>
        Strings(request).Where(field => field.Value?.Contains('\0', StringComparison.Ordinal) == true)
            .Select(field => ErrorResult.BadRequest($"field `{field.Name}` must not hold a NUL byte"))
            .FirstOrDefault();

    private static IEnumerable<(string Name, string? Value)> Strings(CreateJobRequest request)
    {
        yield return ("script", request.Script);
        yield return ("type", request.Type);
        yield return ("name", request.Name);
        yield return ("workspace_id", request.WorkspaceId);
        yield return ("base_workspace_id", request.BaseWorkspaceId);
        yield return ("startup_command", request.StartupCommand);
        yield return ("image", request.Image);
        yield return ("rootfs_type", request.RootfsType);
        yield return ("isolation", request.Isolation);
        foreach (var (name, value) in request.Environment ?? [])
        {
            yield return ("environment", name);
            yield return ($"environment.{name}", value);
        }

        foreach (var file in request.FileIds ?? [])
        {
            yield return ("file_ids", file);
        }
    }
}
