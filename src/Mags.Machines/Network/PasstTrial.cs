using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Mags.Machines.Native;
using Mags.Machines.Walls;

namespace Mags.Machines.Network;

/// <summary>
/// Whether passt works on this host, tried once with nobody behind it: it needs user namespaces of an unprivileged user,
/// which some hosts forbid. It must answer what each guest asks first, who has the gateway's address.
/// </summary>
internal static class PasstTrial
{
    private const int LengthBytes = 4;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    /// <summary>Tries it.</summary>
    /// <exception cref="MachineException">It does not work; the message says why.</exception>
    internal static async Task RunAsync(
        Confinement confinement, string program, IpFamilies families, TimeProvider time, CancellationToken cancellationToken)
    {
        using var pair = SocketPair.Make();
        using var error = MemoryFile.Create("stderr", 0);
        await using var passt = PasstProcess.Start(confinement, program, pair.Host, families, error);
        pair.Host.Dispose();
        using var handle = new SafeSocketHandle(pair.Guest.DangerousGetHandle(), ownsHandle: false);
        using var socket = new Socket(handle);
        using var limit = new CancellationTokenSource(_limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var frame = families.HasFlag(IpFamilies.Four) ? AskFour() : AskSix();
        var message = new byte[LengthBytes + frame.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, frame.Length);
        frame.CopyTo(message, LengthBytes);
        try
        {
            _ = await socket.SendAsync(message, SocketFlags.None, either.Token);
            if (await socket.ReceiveAsync(new byte[LengthBytes], SocketFlags.None, either.Token) > 0)
            {
                return;
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        var exit = passt.Exited.IsCompleted || !limit.IsCancellationRequested
            ? $"{await passt.Exited.WaitAsync(_limit, time, cancellationToken)}: {Tool.LastLine(error)}"
            : $"did not answer within {_limit.TotalSeconds:0} s";
        throw new MachineException(MachineFault.Setup, $"{program} {exit}");
    }

    /// <summary>An ARP request for the gateway.</summary>
    private static byte[] AskFour() =>
    [
        .. Broadcast(), .. Hardware(), 0x08, 0x06,
        0, 1, 0x08, 0, 6, 4, 0, 1,
        .. Hardware(), .. IPAddress.Parse(GuestAddresses.Four).GetAddressBytes(),
        0, 0, 0, 0, 0, 0, .. IPAddress.Parse(GuestAddresses.FourGateway).GetAddressBytes(),
    ];

    /// <summary>A neighbour solicitation (RFC 4861) for the gateway.</summary>
    private static byte[] AskSix()
    {
        const int IcmpLength = 32, Icmp = 58;
        var target = IPAddress.Parse(GuestAddresses.SixGateway).GetAddressBytes();
        byte[] addresses =
        [
            .. IPAddress.Parse(GuestAddresses.Six).GetAddressBytes(),
            .. IPAddress.Parse("ff02::1:ff00:0").GetAddressBytes()[..13], .. target[13..],
        ];
        byte[] icmp = [135, 0, 0, 0, 0, 0, 0, 0, .. target, 1, 1, .. Hardware()];
        var sum = Checksum([.. addresses, 0, 0, 0, IcmpLength, 0, 0, 0, Icmp, .. icmp]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp.AsSpan(2), sum);
        byte[] ip = [0x60, 0, 0, 0, 0, IcmpLength, Icmp, 255, .. addresses];
        return [0x33, 0x33, 0xff, .. target[13..], .. Hardware(), 0x86, 0xdd, .. ip, .. icmp];
    }

    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        }

        sum = (sum >> 16) + (sum & 0xffff);
        return (ushort)~((sum >> 16) + sum);
    }

    private static byte[] Broadcast() => [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    private static byte[] Hardware() =>
        [.. GuestAddresses.Hardware.Split(':').Select(part => Convert.FromHexString(part)[0])];
}
