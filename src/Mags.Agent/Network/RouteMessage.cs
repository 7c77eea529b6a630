using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Mags.Agent.Network;

/// <summary>
/// One request to the kernel's routing socket: <c>nlmsghdr</c>, a header of its kind, attributes of
/// <c>u16 length, u16 type</c> and a value, padded to four bytes; see rtnetlink(7).
/// </summary>
internal sealed class RouteMessage
{
    private const int HeaderLength = 16;
    private const ushort Request = 1;
    private const ushort Acknowledge = 4;
    private const ushort Replace = 0x100;
    private const ushort Create = 0x400;
    private const uint Up = 1;

    private readonly List<byte> _bytes = [];

    private RouteMessage(ushort type, ushort flags, ReadOnlySpan<byte> header)
    {
        Span<byte> start = stackalloc byte[HeaderLength];
        start.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(start[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(start[6..], (ushort)(Request | Acknowledge | flags));
        _bytes.AddRange(start);
        _bytes.AddRange(header);
    }

    /// <summary>Switches an interface on, with a largest packet.</summary>
    public static RouteMessage LinkUp(int index, uint mtu)
    {
        const ushort mtuAttribute = 4;
        var message = Link(index, Up);
        message.Add(mtuAttribute, BitConverter.GetBytes(mtu));
        return message;
    }

    /// <summary>Switches an interface off; its routes go with that.</summary>
    public static RouteMessage LinkDown(int index) => Link(index, 0);

    /// <summary>Gives an interface an address.</summary>
    public static RouteMessage Address(int index, IPAddress address, byte prefixLength)
    {
        const ushort newAddress = 20, addressAttribute = 1, localAttribute = 2, flagsAttribute = 8;
        // Nobody else is on the wire, and looking whether somebody has it takes a second.
        const uint noDuplicateDetection = 2;
        Span<byte> header = [FamilyOf(address), prefixLength, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index);
        var message = new RouteMessage(newAddress, Create | Replace, header);
        message.Add(localAttribute, address.GetAddressBytes());
        message.Add(addressAttribute, address.GetAddressBytes());
        message.Add(flagsAttribute, BitConverter.GetBytes(noDuplicateDetection));
        return message;
    }

    /// <summary>Sends all that has no other route to a gateway.</summary>
    public static RouteMessage DefaultRoute(int index, IPAddress gateway)
    {
        const ushort newRoute = 24, interfaceAttribute = 4, gatewayAttribute = 5;
        const byte mainTable = 254, byBoot = 3, unicast = 1;
        ReadOnlySpan<byte> header = [FamilyOf(gateway), 0, 0, 0, mainTable, byBoot, 0, unicast, 0, 0, 0, 0];
        var message = new RouteMessage(newRoute, Create | Replace, header);
        message.Add(gatewayAttribute, gateway.GetAddressBytes());
        message.Add(interfaceAttribute, BitConverter.GetBytes(index));
        return message;
    }

    public byte[] ToBytes()
    {
        var bytes = _bytes.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        return bytes;
    }

    private static RouteMessage Link(int index, uint state)
    {
        const ushort newLink = 16;
        // Family, padding and type are 0: whatever it is.
        Span<byte> header = stackalloc byte[16];
        header.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], state);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Up);
        return new RouteMessage(newLink, 0, header);
    }

    private static byte FamilyOf(IPAddress address)
    {
        const byte four = 2, six = 10;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? six : four;
    }

    private void Add(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> start = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16LittleEndian(start, (ushort)(start.Length + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(start[2..], type);
        _bytes.AddRange(start);
        _bytes.AddRange(value);
    }
}
