using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Mags.Agent.Boot;
using Mags.Agent.Native;
using Mags.Protocol;

namespace Mags.Agent.Network;

/// <summary>
/// The guest's one interface. It is down in a template and stays down without a network; a claim sets it up by the
/// kernel's own messages, for an image need not bring any program that could.
/// </summary>
internal sealed class GuestInterface
{
    private const string Name = "eth0";
    private const string IndexFile = $"/sys/class/net/{Name}/ifindex";
    private const string Settings = $"/proc/sys/net/ipv6/conf/{Name}/";
    private const int NetlinkFamily = 16;
    private const int RawSocket = 3;
    private const int AnswerType = 2;
    private const int AnswerOffset = 16;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    private readonly int _index;
    private NetworkSettings? _current;

    private GuestInterface(int index) => _index = index;

    /// <summary>Waits for it, at the machine's boot.</summary>
    public static GuestInterface Find(TimeProvider time)
    {
        if (!DeviceEvents.WaitUntil(() => NativeMethods.Access(IndexFile, 0) == 0, _limit, time))
        {
            throw new IOException($"the network interface {Name} did not come up in {_limit.TotalSeconds} s");
        }

        // Addresses and routes come with the claim; asking for others only costs time.
        FileSystem.TryWrite(Settings + "accept_ra", "0");
        FileSystem.TryWrite(Settings + "dad_transmits", "0");
        return new GuestInterface(int.Parse(FileSystem.TryRead(IndexFile)!, CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// Switches it on with addresses and routes, or off. Nothing is done when it is so already, as in a machine that
    /// waited.
    /// </summary>
    public void Set(NetworkSettings? settings)
    {
        if (!Equals(settings, _current))
        {
            if (_current is not null)
            {
                With(socket => Ask(socket, RouteMessage.LinkDown(_index), $"switch off {Name}"));
            }

            if (settings is not null)
            {
                With(socket => SetUp(socket, settings));
            }

            _current = settings;
        }
    }

    private void SetUp(int socket, NetworkSettings settings)
    {
        Ask(socket, RouteMessage.LinkUp(_index, settings.Mtu), $"switch on {Name}");
        foreach (var address in settings.Addresses)
        {
            var network = address.Split('/');
            Ask(
                socket,
                RouteMessage.Address(
                    _index, IPAddress.Parse(network[0]), byte.Parse(network[1], CultureInfo.InvariantCulture)),
                $"give {Name} the address {address}");
        }

        foreach (var gateway in settings.Gateways)
        {
            Ask(socket, RouteMessage.DefaultRoute(_index, IPAddress.Parse(gateway)), $"route by {gateway}");
        }
    }

    private static void With(Action<int> work)
    {
        var socket = NativeException.Check(
            NativeMethods.MakeSocket(NetlinkFamily, RawSocket | FileDescriptor.CloseOnExec, 0), "open the routing socket");
        try
        {
            work(socket);
        }
        finally
        {
            FileDescriptor.Close(socket);
        }
    }

    // The kernel answers within the call that asks, with an error number that is 0 when it was done.
    private static void Ask(int socket, RouteMessage message, string action)
    {
        FileDescriptor.WriteAll(socket, message.ToBytes(), action);
        Span<byte> answer = stackalloc byte[512];
        var count = FileDescriptor.Read(socket, answer);
        if (count < AnswerOffset + sizeof(int) || BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]) != AnswerType)
        {
            throw new IOException($"{action}: the kernel did not answer as it should");
        }

        var error = -BinaryPrimitives.ReadInt32LittleEndian(answer[AnswerOffset..]);
        if (error != 0)
        {
            throw new NativeException(action, error);
        }
    }
}
