using Mags.Contracts.Account;
using Mags.Server.Access;
using Mags.Server.Status;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mags.Server.Accounts;

/// <summary>Whose token this is.</summary>
internal static class WhoAmIApi
{
    public static void MapWhoAmI(this IEndpointRouteBuilder api) =>
        api.MapGet("/mags-whoami", WhoAmI).WithName("WhoAmI").WithTags("Account")
            .WithSummary("Whose token this is.")
            .Produces<WhoAmIResponse>();

    private static JsonHttpResult<WhoAmIResponse> WhoAmI(HttpContext context)
    {
        var caller = context.Caller();
        return TypedResults.Json(
            new WhoAmIResponse { User = caller.UserName, Token = caller.TokenName, Version = ServerVersion.Text },
            ServerJson.Context.WhoAmIResponse);
    }
}
