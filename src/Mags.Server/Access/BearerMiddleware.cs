using Mags.Data.Accounts;
using Mags.Server.Errors;

namespace Mags.Server.Access;

/// <summary>
/// Lets only holders of a valid token reach the API. The token is looked up on every call: a revoked one is refused
/// from that moment on.
/// </summary>
internal sealed class BearerMiddleware(RequestDelegate next, AccountStore accounts)
{
    private const string Scheme = "Bearer ";
    private const string ApiPath = "/api";

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(ApiPath, StringComparison.OrdinalIgnoreCase))
        {
            await next(context);
            return;
        }

        var (caller, refusal) = await IdentifyAsync(context);
        if (caller is null)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await ErrorResult.Unauthorized(refusal).ExecuteAsync(context);
            return;
        }

        context.Features.Set(caller);
        await next(context);
    }

    private async Task<(Caller? Caller, string Refusal)> IdentifyAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return (null, "no token: send `Authorization: Bearer TOKEN`; `mags server token` prints one");
        }

        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return (null, "the Authorization header must be of the form `Bearer TOKEN`");
        }

        var caller = await accounts.FindByTokenAsync(header[Scheme.Length..].Trim(), context.RequestAborted);
        return (caller, "the token is unknown or was revoked; `mags server token` prints a valid one");
    }
}
