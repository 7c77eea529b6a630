using Mags.Agent.Io;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Agent.Rpc;

/// <summary>HTTP/2 on the host's byte streams: a bare Kestrel, so that a start costs milliseconds.</summary>
internal sealed class RpcServer(IByteSource source, RpcMethods methods, TimeProvider time) : IDisposable
{
    // Streams times stream window is what stalled calls can make the agent hold: half of its heap limit.
    private const int MaximumStreams = 128;
    private const int StreamWindow = 128 * 1024;
    private const int ConnectionWindow = MaximumStreams * StreamWindow;
    private const int FrameSize = 32 * 1024;

    // The server adds its timestamp to it: the infinite span overflows there, and every quiet session is then closed.
    private static readonly TimeSpan _never = TimeSpan.FromDays(10_000);

    private readonly KestrelServer _server = new(
        Options.Create(MakeOptions()), new SessionListenerFactory(source, time), NullLoggerFactory.Instance);

    public Task StartAsync(CancellationToken cancellationToken) =>
        _server.StartAsync(new RpcApplication(methods), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public void Dispose() => _server.Dispose();

    internal static KestrelServerOptions MakeOptions()
    {
        var options = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = new NoServices() };
        var limits = options.Limits;
        // A host may stop reading for hours, and a stopped machine's clock makes every rate look like zero.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.MaxRequestBodySize = null;
        limits.KeepAliveTimeout = _never;
        limits.RequestHeadersTimeout = _never;
        limits.Http2.MaxStreamsPerConnection = MaximumStreams;
        limits.Http2.InitialStreamWindowSize = StreamWindow;
        limits.Http2.InitialConnectionWindowSize = ConnectionWindow;
        limits.Http2.MaxFrameSize = FrameSize;
        options.Listen(SessionEndPoint.Instance, listen => listen.Protocols = HttpProtocols.Http2);
        return options;
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
