using System.Net.Sockets;
using System.Text;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Workspaces;

/// <summary>An import whose disk does not come: its client stays connected, and sends nothing more.</summary>
internal sealed class HalfImport : IDisposable
{
    private readonly TcpClient _client = new();
    private StreamReader? _reader;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Begins it; the server waits for its disk when this returns.</summary>
    public async Task BeginAsync(RunningServer server, string name)
    {
        var url = new Uri(server.Url);
        await _client.ConnectAsync(url.Host, url.Port, Cancelled);
        await _client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/v1/mags-workspaces/{name}/import HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                + $"Authorization: Bearer {server.Token}\r\nContent-Length: {1 << 30}\r\n\r\n"),
            Cancelled);

        // Said when the server begins to read: by then it has all that an import takes.
        _reader = new StreamReader(_client.GetStream(), Encoding.ASCII);
        Assert.Equal("HTTP/1.1 100 Continue", await _reader.ReadLineAsync(Cancelled));
        Assert.Equal("", await _reader.ReadLineAsync(Cancelled));
    }

    /// <summary>All of the answer that comes.</summary>
    public Task<string> AnswerAsync() => _reader!.ReadToEndAsync(Cancelled);

    public void Dispose()
    {
        _reader?.Dispose();
        _client.Dispose();
    }
}
