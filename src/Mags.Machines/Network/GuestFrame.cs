using System.Buffers.Binary;

namespace Mags.Machines.Network;

/// <summary>
/// What the beginning of a guest's Ethernet frame tells: whether a program wants something of the network, or the guest's
/// kernel only introduces itself, as each does as soon as it has an interface, or QEMU the guest after a restore.
/// </summary>
internal static class GuestFrame
{
    /// <summary>Bytes of length that QEMU sends before each frame.</summary>
    internal const int LengthBytes = 4;

    /// <summary>As many bytes as are looked at, length included.</summary>
    internal const int Head = LengthBytes + IcmpType + 1;

    private const int Type = 12;

    // Of an ARP message (RFC 826).
    private const int ArpSender = 28;
    private const int ArpTarget = 38;
    private const int ArpEnd = 42;

    // Of an IPv6 packet.
    private const int NextHeader = 20;
    private const int Source = 22;
    private const int IcmpType = 54;

    /// <summary>Whether a frame is of the kernel's or QEMU's own accord and of no interest to anybody.</summary>
    /// <param name="head">Its length and its first bytes, <see cref="Head"/> of them or all.</param>
    internal static bool IsIntroduction(ReadOnlySpan<byte> head)
    {
        const int Arp = 0x0806, ReverseArp = 0x8035, IpVersion6 = 0x86dd;
        if (head.Length < LengthBytes + ArpEnd)
        {
            return false;
        }

        var frame = head[LengthBytes..];
        return BinaryPrimitives.ReadUInt16BigEndian(frame[Type..]) switch
        {
            // Whether anybody else has the guest's own address.
            Arp => frame[ArpSender..(ArpSender + 4)].SequenceEqual(frame[ArpTarget..ArpEnd]),
            // QEMU tells switches where the machine is now.
            ReverseArp => true,
            IpVersion6 when head.Length >= Head => IsIntroductionOfSix(frame),
            _ => false,
        };
    }

    private static bool IsIntroductionOfSix(ReadOnlySpan<byte> frame)
    {
        const byte HopByHop = 0, Icmp = 58, RouterSolicitation = 133, NeighbourSolicitation = 135, NeighbourAdvertisement = 136;
        return (frame[NextHeader], frame[IcmpType]) switch
        {
            // Which groups the kernel listens to (RFC 3810).
            (HopByHop, _) => true,
            // RFC 4861: a question for routers, which the agent has told already; that it is here, which nobody asked yet;
            // and a question without a source: whether anybody has the asker's own address.
            (Icmp, RouterSolicitation or NeighbourAdvertisement) => true,
            (Icmp, NeighbourSolicitation) => frame.Slice(Source, 16).IndexOfAnyExcept((byte)0) < 0,
            _ => false,
        };
    }
}
