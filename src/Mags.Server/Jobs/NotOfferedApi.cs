using Mags.Server.Errors;

namespace Mags.Server.Jobs;

/// <summary>
/// Paths of the contract that this version does not answer yet. They say so, instead of looking like a mistyped path.
/// </summary>
internal static class NotOfferedApi
{
    private static readonly string[] _paths =
    [
        "/mags-jobs/usage", "/mags-jobs/{id}",
        "/mags-jobs/{id}/access", "/mags-jobs/{id}/exec", "/mags-jobs/{id}/files", "/mags-jobs/{id}/ticket",
        "/mags-url-aliases/{**rest}", "/mags-cron/{**rest}",
    ];

    public static void MapNotOffered(this IEndpointRouteBuilder api)
    {
        foreach (var path in _paths)
        {
            api.Map(path, Refuse).ExcludeFromDescription();
        }
    }

    private static Task Refuse(HttpContext context) => ErrorResult
        .NotFound($"{context.Request.Method} {context.Request.Path} is not offered by this version of the server")
        .ExecuteAsync(context);
}
