using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Mags.Machines.Network;

/// <summary>
/// Tells when anybody touches one table of nftables. The kernel announces a change before the one who made it is told
/// that it is done.
/// </summary>
internal sealed class RuleWatch(Socket socket, string table) : IDisposable
{
    private const int HeaderLength = 16;
    private const int Tables = 10;
    private const int DeleteTable = 2;
    private const int NewGeneration = 15;

    private readonly byte[] _buffer = new byte[1 << 17];

    /// <summary>What became of the table.</summary>
    internal enum Touch
    {
        /// <summary>Nothing.</summary>
        None,

        /// <summary>Something in it was changed, or may have been.</summary>
        Changed,

        /// <summary>It was removed.</summary>
        Removed,
    }

    /// <summary>What was announced until now and not read yet.</summary>
    internal Touch Drain()
    {
        var worst = Touch.None;
        while (socket.Poll(0, SelectMode.SelectRead))
        {
            var touch = Touch.Changed;
            try
            {
                touch = WorstIn(_buffer.AsSpan(0, socket.Receive(_buffer)), table);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
            {
                // Announcements were lost.
            }

            worst = touch > worst ? touch : worst;
        }

        return worst;
    }

    /// <summary>Waits for the next touch.</summary>
    internal async Task<Touch> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var count = await socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
                if (WorstIn(_buffer.AsSpan(0, count), table) is var touch and not Touch.None)
                {
                    return touch;
                }
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
            {
                return Touch.Changed;
            }
        }
    }

    public void Dispose() => socket.Dispose();

    /// <summary>
    /// The worst in one datagram of <c>nlmsghdr { u32 length; u16 type; … }</c>, <c>nfgenmsg</c> (4 bytes) and attributes,
    /// of which number 1 is the table's name in whatever is announced of tables, chains, rules and sets.
    /// </summary>
    internal static Touch WorstIn(ReadOnlySpan<byte> datagram, string table)
    {
        var worst = Touch.None;
        while (datagram.Length >= HeaderLength)
        {
            var length = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(datagram), (uint)datagram.Length);
            var type = BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]);
            if (length < HeaderLength)
            {
                break;
            }

            if (type >> 8 == Tables && (type & 0xff) != NewGeneration
                && TableOf(datagram[Math.Min(HeaderLength + 4, length)..length]) == table)
            {
                var touch = (type & 0xff) == DeleteTable ? Touch.Removed : Touch.Changed;
                worst = touch > worst ? touch : worst;
            }

            datagram = datagram[Math.Min(Aligned(length), datagram.Length)..];
        }

        return worst;
    }

    private static string? TableOf(ReadOnlySpan<byte> attributes)
    {
        const int NameAttribute = 1, AttributeHeader = 4, TypeMask = 0x3fff;
        while (attributes.Length >= AttributeHeader)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < AttributeHeader || length > attributes.Length)
            {
                break;
            }

            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & TypeMask) == NameAttribute)
            {
                return Encoding.ASCII.GetString(attributes[AttributeHeader..length]).TrimEnd('\0');
            }

            attributes = attributes[Math.Min(Aligned(length), attributes.Length)..];
        }

        return null;
    }

    private static int Aligned(int length) => (length + 3) & ~3;
}
