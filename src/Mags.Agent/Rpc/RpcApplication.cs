using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Mags.Agent.Rpc;

/// <summary>Hands the server's requests to the methods.</summary>
internal sealed class RpcApplication(RpcMethods methods) : IHttpApplication<RpcCall>
{
    public RpcCall CreateContext(IFeatureCollection contextFeatures) => new(contextFeatures);

    public Task ProcessRequestAsync(RpcCall context) => methods.RunAsync(context);

    public void DisposeContext(RpcCall context, Exception? exception)
    {
    }
}
