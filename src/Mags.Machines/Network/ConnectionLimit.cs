using Mags.Machines.Sandboxes;

namespace Mags.Machines.Network;

/// <summary>
/// How many connections of one kind the host's kernel tracks for each sandbox at a time. To the kernel, datagrams to each
/// address and port are a connection, so without a limit a guest fills the host's table by sending to many.
/// </summary>
/// <param name="Name">Name of the kind, and of the chain that a packet which may leave goes to.</param>
/// <param name="Most">How many.</param>
internal sealed record ConnectionLimit(string Name, int Most)
{
    private string Counted => $"{Name}_counted";

    private string Full => $"{Name}_full";

    /// <summary>Sets that the kernel fills itself, with a count for each user.</summary>
    internal string ToSets() =>
        $$"""
            set {{Counted}} { type uid; size {{UidRange.Size}}; flags dynamic; }
            set {{Full}} { type uid; size {{UidRange.Size}}; flags dynamic, timeout; timeout 1s; }
        """;

    /// <summary>
    /// Lets go what belongs to a connection that is tracked, and new ones while there is room. Whoever has none is refused
    /// for a second without being counted: the kernel forgets what it has counted in vain only by and by.
    /// </summary>
    internal string ToChain() =>
        $$"""
            chain {{Name}} {
                ct status confirmed accept
                meta skuid @{{Full}} jump refuse
                add @{{Counted}} { meta skuid ct count over {{Most}} } update @{{Full}} { meta skuid } jump refuse
                accept
            }
        """;
}
