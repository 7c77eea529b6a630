namespace Mags.Machines.Network;

/// <summary>Rules that are loaded, and watched ever since.</summary>
internal sealed class StandingRules : IDisposable
{
    private const int Attempts = 5;

    private readonly NetworkGround _ground;
    private readonly RuleWatch _watch;
    private readonly string _listing;

    private StandingRules(NetworkGround ground, EgressRules rules, RuleWatch watch, string listing) =>
        (_ground, Rules, _watch, _listing) = (ground, rules, watch, listing);

    internal EgressRules Rules { get; }

    /// <summary>Loads rules in the place of those there are.</summary>
    /// <exception cref="MachineException">They cannot be loaded; the message says why.</exception>
    internal static async Task<StandingRules> LoadAsync(
        NetworkGround ground, EgressRules rules, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // The watch owns the socket, and the rules own the watch.
        var watch = new RuleWatch(ground.Place.WatchRules(), rules.Table);
#pragma warning restore CA2000
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                await ground.Nft.ApplyAsync(rules.Load, cancellationToken);
                _ = watch.Drain();
                var listing = await ground.Nft.ListAsync(rules.Table, cancellationToken);
                // What was listed is what was loaded only if nobody came between.
                if (watch.Drain() == RuleWatch.Touch.None)
                {
                    var standing = new StandingRules(ground, rules, watch, listing);
                    watch = null;
                    return standing;
                }
            }
        }
        finally
        {
            watch?.Dispose();
        }

        throw new MachineException(
            MachineFault.Setup, $"Something on this host keeps changing the nftables table {rules.Table}.");
    }

    /// <summary>Completes when the rules are not any more what was loaded.</summary>
    internal async Task WhenBrokenAsync(CancellationToken cancellationToken)
    {
        while (await _watch.NextAsync(cancellationToken) != RuleWatch.Touch.Removed)
        {
            try
            {
                if (await _ground.Nft.ListAsync(Rules.Table, cancellationToken) != _listing)
                {
                    return;
                }
            }
            catch (MachineException)
            {
                // It cannot be listed: it is gone.
                return;
            }
        }
    }

    public void Dispose() => _watch.Dispose();
}
