using System.Net;
using Mags.Agent.Boot;
using Mags.Agent.Io;
using Mags.Agent.Native;
using Mags.Protocol;
using Microsoft.AspNetCore.Connections;

namespace Mags.Agent.Rpc;

/// <summary>Accepts the host's sessions: a byte stream, then the handshake.</summary>
internal sealed class SessionListener(IByteSource source, TimeProvider time) : IConnectionListener
{
    // A stream whose host says nothing must not keep others waiting; on a port the next try just goes on.
    private static readonly TimeSpan _handshakeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pauseAfterFault = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private int _sessions;

    public EndPoint EndPoint => SessionEndPoint.Instance;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        try
        {
            while (true)
            {
                if (await TryAcceptAsync(either.Token) is { } connection)
                {
                    return connection;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default) => await _stop.CancelAsync();

    public ValueTask DisposeAsync()
    {
        _stop.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ConnectionContext?> TryAcceptAsync(CancellationToken cancellationToken)
    {
        var stream = await source.OpenAsync(cancellationToken);
        using var timer = new CancellationTokenSource(_handshakeLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            var session = await AgentSession.AcceptAsync(stream, limit.Token);
            return new SessionConnection(session, ++_sessions);
        }
        catch (EndOfStreamException)
        {
            await stream.DisposeAsync();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await stream.DisposeAsync();
        }
        catch (IOException fault)
        {
            await stream.DisposeAsync();
            if (fault is NativeException)
            {
                GuestConsole.Say(fault.Message);
                await Task.Delay(_pauseAfterFault, time, cancellationToken);
            }
        }

        return null;
    }
}
