using Mags.Contracts.Jobs;
using Mags.Server.Errors;
using Mags.Server.Workspaces;

namespace Mags.Server.Jobs;

/// <summary>
/// What the contract has and this version does not offer: asking for it is refused, so that nobody believes to have
/// been given it. What would be wrong in any version is refused as that first.
/// </summary>
internal static class NotOfferedRules
{
    public static ErrorResult? Check(CreateJobRequest request) => CheckMeaning(request) ?? Asked(request)
        .Where(field => field.IsAsked)
        .Select(field => ErrorResult.NotSupported(
            $"field `{field.Name}`: {field.What} not offered by this version of the server; leave the field out"))
        .FirstOrDefault();

    private static ErrorResult? CheckMeaning(CreateJobRequest request) =>
        WorkspaceRules.Check(request)
        ?? (request.NoSleep == true && request.Persistent != true
            ? ErrorResult.BadRequest("field `no_sleep` needs `persistent: true`: no other job sleeps")
            : null);

    private static IEnumerable<(string Name, bool IsAsked, string What)> Asked(CreateJobRequest request) =>
    [
        ("persistent", request.Persistent == true, "persistent sandboxes are"),
        ("no_sync", request.NoSync == true, "persistent sandboxes are"),
        ("startup_command", !string.IsNullOrEmpty(request.StartupCommand), "sleep and wake are"),
    ];
}
