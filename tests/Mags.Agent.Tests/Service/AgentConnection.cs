using Grpc.Net.Client;
using Mags.Protocol;

namespace Mags.Agent.Tests.Service;

/// <summary>A host's session with an agent.</summary>
public sealed class AgentConnection : IDisposable
{
    private readonly Stream _session;
    private readonly GrpcChannel _channel;

    private AgentConnection(Stream session)
    {
        _session = session;
#pragma warning disable CA2000 // The channel disposes of it.
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => new(session),
            UseProxy = false,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        };
#pragma warning restore CA2000
        _channel = GrpcChannel.ForAddress(
            "http://agent", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Client = new Protocol.Agent.AgentClient(_channel);
    }

    public Protocol.Agent.AgentClient Client { get; }

    public static async Task<AgentConnection> OpenAsync(Stream stream, CancellationToken cancellationToken) =>
        new(await AgentSession.DialAsync(stream, TimeProvider.System, cancellationToken));

    /// <summary>Starts a process under an id of its own.</summary>
    public Task<ExecCall> StartAsync(StartProcess start, CancellationToken cancellationToken)
    {
        start.ProcessId = start.ProcessId.Length > 0 ? start.ProcessId : Guid.CreateVersion7().ToString("N");
        return OpenCallAsync(new ExecInput { Start = start }, cancellationToken);
    }

    /// <summary>Starts <c>/bin/sh -c</c>.</summary>
    public Task<ExecCall> ShellAsync(string command, CancellationToken cancellationToken) =>
        StartAsync(new StartProcess { Argv = { "/bin/sh", "-c", command }, WorkingDirectory = "/" }, cancellationToken);

    public Task<ExecCall> AttachAsync(string processId, ulong offset, CancellationToken cancellationToken) =>
        OpenCallAsync(
            new ExecInput { Attach = new AttachProcess { ProcessId = processId, Offset = offset } }, cancellationToken);

    /// <summary>Breaks the session, as a host that dies does.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _channel.Dispose();
    }

    private async Task<ExecCall> OpenCallAsync(ExecInput first, CancellationToken cancellationToken)
    {
        var call = Client.Exec(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(first, cancellationToken);
        return new ExecCall(call, first.Start?.ProcessId ?? first.Attach.ProcessId, first.Attach?.Offset ?? 0);
    }
}
