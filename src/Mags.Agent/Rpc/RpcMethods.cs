using Grpc.Core;
using Mags.Agent.Boot;

namespace Mags.Agent.Rpc;

/// <summary>The service's methods by path, as the generated <c>BindService</c> lists them.</summary>
internal sealed class RpcMethods : ServiceBinderBase
{
    private readonly Dictionary<string, Func<RpcCall, Task>> _methods = [];

    /// <summary>Runs one call to its end; it never throws.</summary>
    public async Task RunAsync(RpcCall call)
    {
        call.Begin();
        var status = Status.DefaultSuccess;
        try
        {
            if (_methods.TryGetValue(call.Path, out var method))
            {
                await method(call);
            }
            else
            {
                status = new Status(StatusCode.Unimplemented, call.Path + " is unknown to this agent");
            }
        }
        catch (RpcException refusal)
        {
            status = refusal.Status;
        }
        catch (Exception left) when (left is OperationCanceledException || call.Aborted.IsCancellationRequested)
        {
            status = new Status(StatusCode.Cancelled, "the call was left");
        }
#pragma warning disable CA1031 // The edge of a call: its fault goes to the host, and the agent lives on.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            GuestConsole.Say($"{call.Path} failed: {fault}");
            status = new Status(StatusCode.Internal, fault.Message);
        }

        await call.EndAsync(status);
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler, async (run, reader, writer, context) =>
            await writer.WriteAsync(await run(await reader.ReadOneAsync(context.CancellationToken), context)));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler, async (run, reader, writer, context) =>
            await writer.WriteAsync(await run(reader, context)));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler, async (run, reader, writer, context) =>
            await run(await reader.ReadOneAsync(context.CancellationToken), writer, context));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler, (run, reader, writer, context) => run(reader, writer, context));

    private void Add<TRequest, TResponse, THandler>(
        Method<TRequest, TResponse> method,
        THandler? handler,
        Func<THandler, RpcReader<TRequest>, RpcWriter<TResponse>, RpcContext, Task> run)
        where TRequest : class
        where TResponse : class
        where THandler : Delegate
    {
        ArgumentNullException.ThrowIfNull(handler);
        _methods.Add(method.FullName, call => run(
            handler,
            new RpcReader<TRequest>(call.Input, method.RequestMarshaller),
            new RpcWriter<TResponse>(call, method.ResponseMarshaller),
            new RpcContext(call)));
    }
}
