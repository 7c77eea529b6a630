using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mags.Machines.Tests.Network;

/// <summary>
/// Answers what it is asked over TCP and UDP on one port, with the words and the address of who asks, and remembers who
/// has reached it.
/// </summary>
internal sealed class LabServer : IDisposable
{
    private readonly Socket _tcp;
    private readonly Socket _udp;
    private readonly ConcurrentQueue<string> _heard = new();

    public LabServer(IPAddress address, int port)
    {
        _tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _tcp.Bind(new IPEndPoint(address, port));
        _tcp.Listen();
        _udp.Bind(new IPEndPoint(address, Port));
        _ = AcceptAsync();
        _ = AnswerAsync();
    }

    public int Port => ((IPEndPoint)_tcp.LocalEndPoint!).Port;

    /// <summary>What has reached it: <c>tcp</c> or <c>udp</c> and what was said.</summary>
    public IReadOnlyList<string> Heard => [.. _heard];

    public void Dispose()
    {
        _tcp.Dispose();
        _udp.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _tcp.AcceptAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(Socket peer)
    {
        using (peer)
        {
            var from = ((IPEndPoint)peer.RemoteEndPoint!).Address;
            var buffer = new byte[1024];
            var count = await peer.ReceiveAsync(buffer);
            _heard.Enqueue("tcp " + Encoding.UTF8.GetString(buffer, 0, count).Trim());
            _ = await peer.SendAsync(Reply(buffer.AsSpan(0, count), from));
        }
    }

    private async Task AnswerAsync()
    {
        var buffer = new byte[1024];
        var any = new IPEndPoint(
            _udp.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(buffer, any);
                var from = (IPEndPoint)received.RemoteEndPoint;
                _heard.Enqueue("udp " + Encoding.UTF8.GetString(buffer, 0, received.ReceivedBytes).Trim());
                _ = await _udp.SendToAsync(Reply(buffer.AsSpan(0, received.ReceivedBytes), from.Address), from);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static byte[] Reply(ReadOnlySpan<byte> words, IPAddress from) => Encoding.UTF8.GetBytes(
        $"{Encoding.UTF8.GetString(words).Trim()} from {from}\n");
}
