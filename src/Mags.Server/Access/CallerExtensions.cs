using Mags.Data.Accounts;
using Microsoft.AspNetCore.Http.Features;

namespace Mags.Server.Access;

/// <summary>Who makes a request.</summary>
internal static class CallerExtensions
{
    /// <summary>The caller; there is one on every path of the API, as <see cref="BearerMiddleware"/> saw to it.</summary>
    public static Caller Caller(this HttpContext context) => context.Features.GetRequiredFeature<Caller>();
}
