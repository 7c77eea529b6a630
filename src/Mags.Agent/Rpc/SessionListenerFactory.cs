using System.Net;
using Mags.Agent.Io;
using Microsoft.AspNetCore.Connections;

namespace Mags.Agent.Rpc;

/// <summary>Has the server listen on a byte source.</summary>
internal sealed class SessionListenerFactory(IByteSource source, TimeProvider time)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is SessionEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
#pragma warning disable CA2000 // The server disposes of its listeners.
        return new(new SessionListener(source, time));
#pragma warning restore CA2000
    }
}
