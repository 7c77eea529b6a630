using System.Collections.Concurrent;
using System.Net.Sockets;
using Mags.Protocol;

namespace Mags.Machines.Tests.Agent.Hostile;

/// <summary>The guest's end of the byte stream, in the hands of somebody hostile.</summary>
internal sealed class FakeGuest : IAsyncDisposable
{
    private readonly ConcurrentQueue<Task> _sessions = [];
    private readonly CancellationTokenSource _over = new();
    private readonly Func<int, Stream, CancellationToken, Task> _behave;

    /// <param name="behave">What it does in its n-th session, counted from 0.</param>
    public FakeGuest(Func<int, Stream, CancellationToken, Task> behave) => _behave = behave;

    /// <summary>Opens the host's end, as the machine's folder does.</summary>
    public async Task<NetworkStream> ConnectAsync(CancellationToken cancellationToken)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        // The abstract namespace: nothing is left in any folder.
        var address = new UnixDomainSocketEndPoint("\0mags-hostile-" + Guid.NewGuid().ToString("N"));
        listener.Bind(address);
        listener.Listen(1);
        var host = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await host.ConnectAsync(address, cancellationToken);
            _sessions.Enqueue(ServeAsync(_sessions.Count, await listener.AcceptAsync(cancellationToken)));
            var stream = new NetworkStream(host, ownsSocket: true);
            host = null;
            return stream;
        }
        finally
        {
            host?.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_sessions);
        _over.Dispose();
    }

    /// <summary>Accepts the session, and waits until the host's call is there.</summary>
    public static async Task<Stream> AcceptCallAsync(Stream stream, CancellationToken cancellationToken)
    {
        var session = await AgentSession.AcceptAsync(stream, cancellationToken);
        await session.ReadExactlyAsync(new byte[Http2.PrefaceLength], cancellationToken);
        while (await ReadFrameAsync(session, cancellationToken) != Http2.Headers)
        {
        }

        return session;
    }

    /// <summary>Reads until the host is done with its call, or begins another.</summary>
    public static async Task AwaitEndOfCallAsync(Stream session, CancellationToken cancellationToken)
    {
        while (await ReadFrameAsync(session, cancellationToken) is not (Http2.Headers or Http2.Reset))
        {
        }
    }

    /// <summary>Takes whatever comes until the host closes.</summary>
    public static async Task DrainAsync(Stream session, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        while (await session.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }

    private static async Task<byte> ReadFrameAsync(Stream session, CancellationToken cancellationToken)
    {
        var header = new byte[Http2.HeaderLength];
        await session.ReadExactlyAsync(header, cancellationToken);
        await session.ReadExactlyAsync(new byte[(header[0] << 16) | (header[1] << 8) | header[2]], cancellationToken);
        return header[3];
    }

    private async Task ServeAsync(int number, Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            await Task.Yield();
            await _behave(number, stream, _over.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The host has closed, or the test is over.
        }
    }
}
