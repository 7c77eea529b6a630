using Grpc.Core;

namespace Mags.Agent.Rpc;

/// <summary>What a service method may ask about its call: when it is cancelled, and no more.</summary>
internal sealed class RpcContext(RpcCall call) : ServerCallContext
{
    protected override string MethodCore => call.Path;

    protected override string HostCore => "agent";

    protected override string PeerCore => "host";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore { get; } = Metadata.Empty;

    protected override CancellationToken CancellationTokenCore => call.Aborted;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => new(null, []);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
}
