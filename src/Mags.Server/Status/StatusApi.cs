using Mags.Cluster.Objects;
using Mags.Contracts.Server;
using Mags.Machines;
using Mags.Machines.Images;
using Mags.Machines.Walls;
using Mags.Server.Images;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Mags.Server.Status;

/// <summary>How the server is.</summary>
internal static class StatusApi
{
    public static void MapServerStatus(this IEndpointRouteBuilder api)
    {
        api.MapGet("/mags-server", Show).WithName("ShowServer").WithTags("Server")
            .WithSummary("What this server is, and whether it can run sandboxes.")
            .Produces<ServerInfoResponse>();
        api.MapGet("/mags-jobs/pool-status", ShowPool).WithName("ShowPool").WithTags("Server")
            .WithSummary("How many machines wait, and how many run jobs.")
            .Produces<PoolStatusResponse>();
    }

    /// <summary>For load balancers and starters: no token, and an answer as soon as the server listens.</summary>
    public static void MapHealth(this IEndpointRouteBuilder root) =>
        root.MapGet("/healthz", Health).WithName("Health").WithTags("Server")
            .WithSummary("Whether the server is well: `ok`, `starting` or `failed`. Needs no token.")
            .Produces<HealthResponse>();

    private static JsonHttpResult<ServerInfoResponse> Show(
        IMachineHost host, ImageCatalog catalog, StoreGate store, IOptions<MachinesOptions> machines)
    {
        var status = host.Status;
        return TypedResults.Json(
            new ServerInfoResponse
            {
                Version = ServerVersion.Text,
                Pid = Environment.ProcessId,
                Home = machines.Value.Home,
                State = status.State == HostState.Ready ? "ready" : NotReady(status.State),
                StateReason = status.Reason,
                Accelerator = status.Accelerator,
                AcceleratorReason = status.AcceleratorReason,
                Pool = PoolMapping.ToResponse(host.Pool),
                Walls = status.Walls is { Count: > 0 } walls ? [.. walls.Select(ToResponse)] : null,
                ObjectStore = ToResponse(store.State),
                Images = ImagesApi.All(catalog, machines.Value),
            },
            ServerJson.Context.ServerInfoResponse);
    }

    private static JsonHttpResult<PoolStatusResponse> ShowPool(IMachineHost host) =>
        TypedResults.Json(PoolMapping.ToResponse(host.Pool), ServerJson.Context.PoolStatusResponse);

    private static JsonHttpResult<HealthResponse> Health(IMachineHost host)
    {
        var state = host.Status.State;
        return TypedResults.Json(
            new HealthResponse { Status = state == HostState.Ready ? "ok" : NotReady(state) },
            ServerJson.Context.HealthResponse);
    }

    private static ObjectStoreResponse ToResponse(StoreState store) => new()
    {
        Location = store.Location,
        Open = store.IsOpen,
        ConditionalWrites = store.ConditionalWrites,
        Error = store.Fault,
        SweepError = store.SweepFault,
    };

    private static WallResponse ToResponse(Wall wall) =>
        new() { Name = wall.Name, Stands = wall.Stands, Detail = wall.Detail };

    private static string NotReady(HostState state) => state == HostState.Starting ? "starting" : "failed";
}
