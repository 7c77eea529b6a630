using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Network;

/// <summary>
/// Guards the rules that stand: when anybody takes them away, all networks end at once, and the rules are put back for
/// those to come.
/// </summary>
internal sealed partial class RuleGuard(
    NetworkBoundary boundary, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    /// <summary>Guards one set of rules, until they are put back or the server stops.</summary>
    internal async Task GuardAsync(StandingRules standing)
    {
        try
        {
            await standing.WhenBrokenAsync(stopping);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server stops, or other rules have taken the place of these.
            return;
        }
        catch (SocketException)
        {
            // Nobody tells any more what becomes of them.
        }

        if (await boundary.BreakAsync(standing))
        {
            LogBroken(standing.Rules.Table);
            await RepairAsync();
        }
    }

    private async Task RepairAsync()
    {
        try
        {
            while (boundary.Standing is null)
            {
                await boundary.EnsureAsync(stopping);
                if (boundary.Standing is null)
                {
                    await Task.Delay(NetworkBoundary.RetryAfter, time, stopping);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(
        LogLevel.Error,
        "The nftables table {Table} was changed or removed by somebody else: all sandboxes' networks are ended, and new ones get one when it is back")]
    private partial void LogBroken(string table);
}
