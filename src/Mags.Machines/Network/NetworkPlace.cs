using System.Buffers.Binary;
using System.Net.Sockets;
using Mags.Machines.Native;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>
/// The network namespace that sandboxes reach the outside through, the server's own or a named one. What is opened in it
/// goes on to belong to it, so only one short-lived thread ever enters a named one.
/// </summary>
internal sealed class NetworkPlace : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const string NamespaceFolder = "/run/netns";

    private readonly SafeFileHandle? _namespace;
    private readonly SafeFileHandle _routes4;
    private readonly SafeFileHandle? _routes6;

    private NetworkPlace(SafeFileHandle? space, SafeFileHandle routes4, SafeFileHandle? routes6) =>
        (_namespace, _routes4, _routes6) = (space, routes4, routes6);

    /// <summary>The namespace, to be joined by programs that are to be in it; empty when it is the server's own.</summary>
    internal IReadOnlyList<SafeFileHandle> Handles => _namespace is null ? [] : [_namespace];

    /// <summary>Opens it.</summary>
    /// <param name="name">Name of a network namespace; empty for the server's own.</param>
    /// <exception cref="MachineException">There is none of this name.</exception>
#pragma warning disable CA2000 // The place owns the handles it is made of.
    internal static NetworkPlace Open(string name)
    {
        SafeFileHandle? space = null;
        if (name.Length > 0)
        {
            var path = Path.Combine(NamespaceFolder, name);
            space = LibC.Open(path, CloseOnExec, 0);
            if (space.IsInvalid)
            {
                space.Dispose();
                throw new MachineException(
                    MachineFault.Setup, $"There is no network namespace {path} (Network:Namespace).");
            }
        }

        return In(space, () => new NetworkPlace(
            space,
            File.OpenHandle("/proc/thread-self/net/route"),
            // A kernel without IPv6 has no such file.
            File.Exists("/proc/thread-self/net/ipv6_route") ? File.OpenHandle("/proc/thread-self/net/ipv6_route") : null));
    }
#pragma warning restore CA2000

    /// <summary>The versions of IP that have a default route now.</summary>
    internal IpFamilies Families() =>
        (HasDefault(_routes4, HostRoutes.HasDefaultFour) ? IpFamilies.Four : IpFamilies.None)
        | (_routes6 is not null && HasDefault(_routes6, HostRoutes.HasDefaultSix) ? IpFamilies.Six : IpFamilies.None);

    /// <summary>A socket that is told of every change of nftables rules from now on.</summary>
    internal Socket WatchRules() => In(_namespace, MakeWatch);

    public void Dispose()
    {
        _namespace?.Dispose();
        _routes4.Dispose();
        _routes6?.Dispose();
    }

    private static bool HasDefault(SafeFileHandle file, Func<string, bool> has)
    {
        // These files are made while they are read, and from the start again at each read of the start.
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (length < buffer.Length
            && RandomAccess.Read(file, buffer.AsSpan(length), length) is var count and > 0)
        {
            length += count;
        }

        return has(System.Text.Encoding.ASCII.GetString(buffer, 0, length));
    }

    // Sound: sockaddr_nl is { u16 family; u16 pad; u32 port; u32 groups }, on the stack and zeroed.
    private static unsafe Socket MakeWatch()
    {
        const int Netlink = 16, Raw = 3, Netfilter = 12, AddressLength = 12;
        const uint RuleEvents = 1u << (7 - 1);
        var handle = LibC.Socket(Netlink, Raw | CloseOnExec, Netfilter);
        if (handle.IsInvalid)
        {
            throw NativeError.Last("netlink socket");
        }

        var address = stackalloc byte[AddressLength];
        var view = new Span<byte>(address, AddressLength);
        view.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(view, Netlink);
        BinaryPrimitives.WriteUInt32LittleEndian(view[8..], RuleEvents);
        if (LibC.Bind(handle, address, AddressLength) != 0)
        {
            handle.Dispose();
            throw NativeError.Last("bind netlink socket");
        }

#pragma warning disable CA2000 // The socket owns the handle.
        var socket = new Socket(new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: true));
#pragma warning restore CA2000
        handle.SetHandleAsInvalid();
        return socket;
    }

    // On a thread of its own: a thread of the pool would stay in the namespace.
    private static T In<T>(SafeFileHandle? space, Func<T> open)
    {
        if (space is null)
        {
            return open();
        }

        T? made = default;
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            const int Network = 0x40000000;
            try
            {
                made = LibC.SetNs(space, Network) == 0 ? open() : throw NativeError.Last("setns");
            }
#pragma warning disable CA1031 // The edge of the thread: the fault belongs to the one who asked.
            catch (Exception e)
#pragma warning restore CA1031
            {
                fault = e;
            }
        });
        thread.Start();
        thread.Join();
        return fault is null ? made! : throw new IOException($"In the network namespace: {fault.Message}", fault);
    }
}
