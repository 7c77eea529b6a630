using System.Globalization;
using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Mags.Agent.Rpc;

/// <summary>One gRPC call, straight on the server's features: no HttpContext, no pipeline, no injection.</summary>
internal sealed class RpcCall(IFeatureCollection features)
{
    private readonly IHttpResponseFeature _response = Feature<IHttpResponseFeature>(features);
    private readonly IHttpResponseBodyFeature _body = Feature<IHttpResponseBodyFeature>(features);

    public string Path { get; } = Feature<IHttpRequestFeature>(features).Path;

    public PipeReader Input { get; } = Feature<IRequestBodyPipeFeature>(features).Reader;

    public PipeWriter Output => _body.Writer;

    public CancellationToken Aborted { get; } = Feature<IHttpRequestLifetimeFeature>(features).RequestAborted;

    /// <summary>Says that the answer is gRPC; before its first byte.</summary>
    public void Begin() => _response.Headers.ContentType = "application/grpc";

    /// <summary>Ends the answer.</summary>
    public async Task EndAsync(Status status)
    {
        if (Aborted.IsCancellationRequested)
        {
            return;
        }

        if (!_response.HasStarted)
        {
            await _body.StartAsync(Aborted);
        }

        var trailers = Feature<IHttpResponseTrailersFeature>(features).Trailers;
        trailers["grpc-status"] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
        {
            trailers["grpc-message"] = Uri.EscapeDataString(status.Detail);
        }
    }

    private static T Feature<T>(IFeatureCollection features) =>
        features.Get<T>() ?? throw new InvalidOperationException("The server lacks " + typeof(T).Name + ".");
}
