using System.Net.Sockets;
using Grpc.Net.Client;
using Mags.Protocol;
using AgentClient = Mags.Protocol.Agent.AgentClient;

namespace Mags.Machines.Agent;

/// <summary>
/// gRPC to a guest's agent over the one byte stream that leads to it. A session that broke is dialled anew by the next
/// call. It sends nothing of its own accord, for a guest may be stopped: see <see cref="GuestPulse"/>.
/// </summary>
internal sealed class AgentChannel : IAsyncDisposable
{
    private const int WindowSize = 128 * 1024;

    // The agent's largest message is a block of output, 64 KiB.
    private const int MaxMessageBytes = 1024 * 1024;

    // The guest's kernel has to see the hang-up of one session before the next begins (virtio-serial has no connections).
    private static readonly TimeSpan _betweenSessions = TimeSpan.FromMilliseconds(30);

    private readonly Func<CancellationToken, Task<NetworkStream>> _connect;
    private readonly TimeProvider _time;
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _closing = new();
    private NetworkStream? _last;
    private Stream? _ahead;

    /// <param name="connect">Opens the byte stream.</param>
    /// <param name="time">The clock.</param>
    internal AgentChannel(Func<CancellationToken, Task<NetworkStream>> connect, TimeProvider time)
    {
        _connect = connect;
        _time = time;
        _channel = GrpcChannel.ForAddress("http://agent", new GrpcChannelOptions
        {
            HttpHandler = CreateHandler(),
            DisposeHttpClient = true,
            ThrowOperationCanceledOnCancellation = true,
            // A guest is not trusted: room is made for what a message claims to be before any of it has come.
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = null,
            // No agent packs its messages: a packed one is refused before anything of it is unpacked.
            CompressionProviders = [],
        });
        Client = new AgentClient(_channel);
    }

    internal AgentClient Client { get; }

    /// <summary>
    /// Opens the session ahead of the first call, so that a time in that call is not old when it arrives.
    /// </summary>
    internal async Task ConnectAsync(CancellationToken cancellationToken) =>
        _ahead = await DialAsync(cancellationToken);

    /// <summary>Ends the session: all calls on it break, and the next ones dial anew.</summary>
    internal void HangUp() => _last?.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _channel.Dispose();
        if (Interlocked.Exchange(ref _ahead, null) is { } unused)
        {
            await unused.DisposeAsync();
        }

        _closing.Dispose();
    }

    private SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = async (_, cancellationToken) =>
            Interlocked.Exchange(ref _ahead, null) ?? await DialAsync(cancellationToken),
        // A template's guest boots while the first call waits; calls have deadlines of their own.
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        UseProxy = false,
        EnableMultipleHttp2Connections = false,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        InitialHttp2StreamWindowSize = WindowSize,
        ActivityHeadersPropagator = null,
    };

    private async Task<Stream> DialAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        if (_last is { } last)
        {
            // Closed already, unless the guest has its host believe that the session lives on.
            await last.DisposeAsync();
            await Task.Delay(_betweenSessions, _time, either.Token);
        }

        var stream = await _connect(either.Token);
        try
        {
            _last = stream;
            return await AgentSession.DialAsync(stream, _time, either.Token);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}
