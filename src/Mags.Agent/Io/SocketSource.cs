using System.Net.Sockets;

namespace Mags.Agent.Io;

/// <summary>A listening unix socket; each connection is a byte stream.</summary>
internal sealed class SocketSource : IByteSource, IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public SocketSource(string path)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
    }

    public async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken) =>
        new NetworkStream(await _listener.AcceptAsync(cancellationToken), ownsSocket: true);

    public void Dispose() => _listener.Dispose();
}
