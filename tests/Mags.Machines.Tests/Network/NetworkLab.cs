using System.Globalization;
using System.Net;
using Mags.Machines.Native;
using Mags.Machines.Network;

namespace Mags.Machines.Tests.Network;

/// <summary>
/// A host and an outside world in two network namespaces of their own, joined by a pair of interfaces. Whatever is
/// forbidden to sandboxes exists here, and only here: nothing of the real host's network is used or changed.
/// </summary>
internal sealed class NetworkLab : IAsyncDisposable
{
    /// <summary>Addresses of the outside world.</summary>
    public const string OutsideFour = "203.0.113.10";
    public const string OutsideSix = "2001:db8:2::10";

    /// <summary>Private and link-local addresses beyond the host's link.</summary>
    public const string PrivateFour = "10.77.0.2";
    public const string PrivateSix = "fd77::2";
    public const string SharedFour = "100.64.0.2";
    public const string AllowedPrivate = "10.88.0.2";
    public const string AllowedPrivateSix = "fd88::2";
    public const string DeniedPublic = "203.0.113.66";
    public const string LinkFour = "169.254.77.2";
    public const string LinkSix = "fe80::77";

    /// <summary>Denied within what is allowed.</summary>
    public const string DeniedPrivate = "10.88.0.66";
    public const string DeniedSix = "fd88::66";

    /// <summary>Addresses for a translator (NAT64), with a private and a link-local one inside.</summary>
    public const string TranslatedPrivate = "64:ff9b::a4d:2";
    public const string TranslatedLink = "64:ff9b::a9fe:4d02";

    /// <summary>The host's own.</summary>
    public const string HostFour = "198.51.100.2";
    public const string HostSix = "2001:db8:1::2";
    public const string HostPrivate = "10.99.0.1";
    public const string HostLinkFour = "169.254.77.1";
    public const string HostLinkSix = "fe80::78";

    /// <summary>The host's name server, on its loopback as systemd-resolved's is.</summary>
    public const string Resolver = "127.0.0.53";

    private const string Prefix = "mags-test-";
    private const string Ip = "/usr/sbin/ip";

    private static readonly Lazy<Task> _leftAreGone = new(RemoveLeftAsync);
    private static int _made;

    private readonly string _name = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _made)}";

    private NetworkLab()
    {
    }

    /// <summary>
    /// What is allowed to sandboxes: more than one private network, for what is the host's own or on its links stays closed
    /// although it is allowed.
    /// </summary>
    public static IReadOnlyList<string> Allowed { get; } =
    [
        "10.88.0.0/24", "fd88::/64", "10.99.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10",
        "224.0.0.0/4", "ff00::/8", "198.51.100.255/32", "255.255.255.255/32",
    ];

    /// <summary>What is denied to them.</summary>
    public static IReadOnlyList<string> Denied { get; } = [DeniedPublic + "/32", DeniedPrivate + "/32", DeniedSix + "/128"];

    /// <summary>Name of the host's network namespace.</summary>
    public string Host => _name + "-h";

    /// <summary>Name of the outside world's.</summary>
    public string Outside => _name + "-o";

    /// <summary>Makes one.</summary>
    /// <param name="families">What the host has addresses and a way out for.</param>
    internal static async Task<NetworkLab> MakeAsync(IpFamilies families = IpFamilies.Four | IpFamilies.Six)
    {
        await _leftAreGone.Value;
        var lab = new NetworkLab();
        string[] commands =
        [
            $"netns add {lab.Host}",
            $"netns add {lab.Outside}",
            $"link add v0 netns {lab.Host} type veth peer name v1 netns {lab.Outside}",
            $"-n {lab.Host} link set lo up",
            $"-n {lab.Host} link set v0 up",
            $"-n {lab.Outside} link set lo up",
            $"-n {lab.Outside} link set v1 up",
            .. families.HasFlag(IpFamilies.Four) ? lab.Four() : [],
            .. families.HasFlag(IpFamilies.Six) ? lab.Six() : [],
        ];
        foreach (var command in commands)
        {
            _ = await Tool.RunAsync(Ip, command.Split(' '), CancellationToken.None);
        }

        // As systemd has it. The kernel's own default lets no user send an ICMP echo.
        _ = await RunInAsync(lab.Host, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647");
        return lab;
    }

    /// <summary>Runs a program of the host in one of the namespaces.</summary>
    public static Task<string> RunInAsync(string space, params string[] command) =>
        Tool.RunAsync(Ip, ["netns", "exec", space, .. command], CancellationToken.None);

    /// <summary>Opens sockets in one of the namespaces, to which they belong from then on.</summary>
    public static T In<T>(string space, Func<T> open)
    {
        T? made = default;
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            const int Network = 0x40000000;
            using var handle = File.OpenHandle($"/run/netns/{space}");
            try
            {
                Assert.Equal(0, LibC.SetNs(handle, Network));
                made = open();
            }
#pragma warning disable CA1031 // The fault belongs to the one who asked.
            catch (Exception e)
#pragma warning restore CA1031
            {
                fault = e;
            }
        });
        thread.Start();
        thread.Join();
        return fault is null ? made! : throw new InvalidOperationException(fault.Message, fault);
    }

    /// <summary>A server for TCP and UDP on an address of a namespace.</summary>
    public static LabServer Serve(string space, string address, int port = 0) => In(space, () =>
    {
        var parsed = IPAddress.Parse(address);
        if (parsed.IsIPv6LinkLocal)
        {
            parsed.ScopeId = int.Parse(File.ReadAllText("/proc/thread-self/net/if_inet6").Split('\n')
                .First(line => !line.EndsWith(" lo", StringComparison.Ordinal)).Split(' ')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        return new LabServer(parsed, port);
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var name in new[] { Host, Outside })
        {
            _ = await Tool.RunAsync(Ip, ["netns", "delete", name], CancellationToken.None);
        }
    }

    private IEnumerable<string> Four() =>
    [
        $"-n {Host} address add {HostFour}/24 dev v0",
        $"-n {Host} address add {HostPrivate}/32 dev lo",
        $"-n {Host} address add {HostLinkFour}/24 dev v0",
        $"-n {Host} route add default via 198.51.100.1",
        $"-n {Outside} address add 198.51.100.1/24 dev v1",
        $"-n {Outside} address add {LinkFour}/24 dev v1",
        .. new[] { OutsideFour, PrivateFour, SharedFour, AllowedPrivate, DeniedPrivate, DeniedPublic }
            .Select(address => $"-n {Outside} address add {address}/32 dev lo"),
    ];

    private IEnumerable<string> Six() =>
    [
        $"-n {Host} address add {HostSix}/64 dev v0 nodad",
        $"-n {Host} address add {HostLinkSix}/64 dev v0 nodad",
        $"-n {Host} -6 route add default via 2001:db8:1::1",
        $"-n {Outside} address add 2001:db8:1::1/64 dev v1 nodad",
        $"-n {Outside} address add {LinkSix}/64 dev v1 nodad",
        .. new[] { OutsideSix, PrivateSix, AllowedPrivateSix, DeniedSix, TranslatedPrivate, TranslatedLink }
            .Select(address => $"-n {Outside} address add {address}/128 dev lo nodad"),
    ];

    // A test run that was killed leaves its namespaces.
    private static async Task RemoveLeftAsync()
    {
        var left = Directory.Exists("/run/netns")
            ? Directory.GetFiles("/run/netns", Prefix + "*").Select(path => Path.GetFileName(path)!)
            : [];
        foreach (var name in left)
        {
            var pid = int.Parse(name[Prefix.Length..].Split('-')[0], CultureInfo.InvariantCulture);
            if (!Directory.Exists($"/proc/{pid}") || pid == Environment.ProcessId)
            {
                _ = await Tool.RunAsync(Ip, ["netns", "delete", name], CancellationToken.None);
            }
        }
    }
}
