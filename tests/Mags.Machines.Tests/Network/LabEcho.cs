using System.Net;
using System.Net.Sockets;

namespace Mags.Machines.Tests.Network;

/// <summary>Sends back whatever it is sent over TCP.</summary>
internal sealed class LabEcho : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public LabEcho(string address)
    {
        _socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        _socket.Listen();
        _ = EchoAsync();
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public void Dispose() => _socket.Dispose();

    private async Task EchoAsync()
    {
        try
        {
            using var peer = await _socket.AcceptAsync();
            await using var stream = new NetworkStream(peer);
            await stream.CopyToAsync(stream);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
