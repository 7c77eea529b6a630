using Mags.Machines.Native;
using Mags.Machines.Walls;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>
/// The passt of one machine: it reads the guest's packets from its end of a socket pair and plays the other side with
/// plain sockets of the host. It ends with its machine's QEMU.
/// </summary>
internal sealed class PasstProcess : IAsyncDisposable
{
    private readonly ChildProcess _child;
    private int _killed;

    private PasstProcess(ChildProcess child) => _child = child;

    internal int Pid => _child.Pid;

    internal Task<ProcessExit> Exited => _child.Exited;

    /// <summary>Whether it was ended on purpose.</summary>
    internal bool IsKilled => Volatile.Read(ref _killed) != 0;

    /// <summary>Starts one.</summary>
    /// <param name="confinement">What it is started behind.</param>
    /// <param name="program">Its program.</param>
    /// <param name="end">Its end of the socket pair, which the caller closes once it is started.</param>
    /// <param name="families">What the host has a way out for; not none.</param>
    /// <param name="error">Where it says why it cannot start; null for nowhere.</param>
    internal static PasstProcess Start(
        Confinement confinement, string program, SafeFileHandle end, IpFamilies families, SafeFileHandle? error)
    {
        var files = new FdMap();
        var arguments = confinement.Wrap(program, Arguments(files.Add(end), families), files);
        return new PasstProcess(ChildProcess.Start(confinement.Launcher, arguments, files, null, error));
    }

    /// <summary>Ends it without waiting.</summary>
    internal void Kill()
    {
        _ = Interlocked.Exchange(ref _killed, 1);
        _child.Kill();
    }

    /// <summary>Ends it and returns when it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        _ = await _child.Exited;
        _child.Dispose();
    }

    // No ports of the host lead in, and the gateway is nobody: by default it would be the host's loopback. The guest
    // needs no DHCP and the like: its agent knows the addresses.
    internal static IReadOnlyList<string> Arguments(int end, IpFamilies families)
    {
        List<string> line =
        [
            "--foreground", "--one-off", "--quiet", "--fd", $"{end}",
            "--mac-addr", GuestAddresses.GatewayHardware, "--mtu", $"{GuestAddresses.Mtu}",
            "--tcp-ports", "none", "--udp-ports", "none", "--no-map-gw",
            "--no-dhcp", "--no-dhcpv6", "--no-ra", "--dns", "none", "--search", "none",
        ];
        if (families.HasFlag(IpFamilies.Four))
        {
            line.AddRange(["--address", GuestAddresses.Four, "--netmask", $"{GuestAddresses.FourPrefix}"]);
            line.AddRange(["--gateway", GuestAddresses.FourGateway]);
        }
        else
        {
            line.Add("--ipv6-only");
        }

        if (families.HasFlag(IpFamilies.Six))
        {
            line.AddRange(["--address", GuestAddresses.Six, "--gateway", GuestAddresses.SixGateway]);
        }
        else
        {
            line.Add("--ipv4-only");
        }

        return line;
    }
}
