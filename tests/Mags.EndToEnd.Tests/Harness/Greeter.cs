using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>Tells each who connects a word.</summary>
public sealed class Greeter : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public Greeter(string address)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        _listener.Listen();
        _ = GreetAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Dispose() => _listener.Dispose();

    private async Task GreetAsync()
    {
        try
        {
            while (true)
            {
                using var peer = await _listener.AcceptAsync();
                _ = await peer.SendAsync(Encoding.ASCII.GetBytes("welcome\n"));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
