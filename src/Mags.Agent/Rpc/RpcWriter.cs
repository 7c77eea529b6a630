using Grpc.Core;

namespace Mags.Agent.Rpc;

/// <summary>Writes the messages of one call; each waits while the host is behind.</summary>
internal sealed class RpcWriter<T>(RpcCall call, Marshaller<T> marshaller) : IServerStreamWriter<T>
    where T : class
{
    private readonly RpcFraming _framing = new(call.Output);

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, call.Aborted);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        marshaller.ContextualSerializer(message, _framing);
        var result = await call.Output.FlushAsync(cancellationToken);
        if (result.IsCompleted || result.IsCanceled)
        {
            // The server swallows what is written to a call that the host left: writing on would never end.
            throw new OperationCanceledException("The host left the call.");
        }
    }
}
