using Mags.Cluster.Workspaces.Transfers;
using Mags.Server.Errors;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mags.Server.Workspaces;

/// <summary>What exports and imports have in common.</summary>
internal static class TransferRules
{
    /// <summary>The encoding that disks may have on their way.</summary>
    public const string Packed = "gzip";

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    // Whoever is at the other end may have to wait for a disk or a network of their own.
    private static readonly MinDataRate _leastRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromMinutes(5));

    public static ErrorResult Busy(TransferSlots slots) => ErrorResult.Unavailable(
        $"{slots.Count} exports and imports run already, as many as may (Workspaces:ParallelTransfers); try again later",
        _retryAfter);

    public static ErrorResult Stopping() =>
        ErrorResult.Unavailable("the server is stopping; try again when it runs again", _retryAfter);

    /// <summary>Lets a transfer stand still for some minutes, and take as many bytes as it needs.</summary>
    public static void Relax(HttpContext context, long mostBytes)
    {
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } request)
        {
            request.MinDataRate = _leastRate;
        }

        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } response)
        {
            response.MinDataRate = _leastRate;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = mostBytes;
        }
    }
}
