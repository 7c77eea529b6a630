using System.Net;
using Mags.Cluster.Files;
using Mags.Cluster.Jobs;
using Mags.Cluster.Jobs.Admission;
using Mags.Cluster.Jobs.Logs;
using Mags.Cluster.Nodes;
using Mags.Cluster.Objects;
using Mags.Cluster.Workspaces;
using Mags.Cluster.Workspaces.Sync;
using Mags.Cluster.Workspaces.Transfers;
using Mags.Data.Files;
using Mags.Data.Workspaces;
using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Mags.Cluster;

/// <summary>Entry to this project.</summary>
public static class ClusterServiceCollectionExtensions
{
    private const string Name = "mags";

    /// <summary>
    /// Adds the grains, a silo for them, and what runs jobs on this node. Needs Mags.Data's stores, an
    /// <see cref="IObjectStore"/> and an <see cref="Machines.IMachineHost"/>. Its hosted services belong
    /// before the web server's: the silo first, then the recovery of what the last run left.
    /// </summary>
    public static IServiceCollection AddMagsCluster(this IServiceCollection services)
    {
        AddOptions<NodeOptions, NodeOptionsValidator>(services, NodeOptions.Section);
        AddOptions<JobOptions, JobOptionsValidator>(services, JobOptions.Section);
        AddOptions<JobLogOptions, JobLogOptionsValidator>(services, JobLogOptions.Section);
        AddOptions<WorkspaceOptions, WorkspaceOptionsValidator>(services, WorkspaceOptions.Section);
        AddOptions<UploadOptions, UploadOptionsValidator>(services, UploadOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.AddOrleans(AddSilo);

        services.AddSingleton<JobIds>();
        services.AddSingleton<JobLogStore>();
        services.AddSingleton<INodeMemory, NodeMemory>();
        services.AddSingleton<MemoryRelief>();
        services.AddSingleton<NodeAdmission>();
        AddWorkspaces(services);
        services.AddSingleton(provider => new Uploads(
            provider.GetRequiredService<FileStore>(),
            provider.GetRequiredService<SnapshotStore>(),
            provider.GetRequiredService<IObjectStore>(),
            provider.GetRequiredService<StoreGate>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Uploads>>()));
        services.AddSingleton<JobFiles>();
        services.AddHostedService<UploadSweeper>();
        services.AddSingleton<JobReporter>();
        services.AddSingleton<ScriptRunner>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<JobRunners>();
        services.AddSingleton<JobStopper>();
        services.AddHostedService(provider => provider.GetRequiredService<JobRunners>());
        services.AddHostedService<JobRecovery>();
        services.AddSingleton(provider => new JobDispatcher(
            provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<NodeAdmission>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<JobDispatcher>>()));
        services.AddHostedService(provider => provider.GetRequiredService<JobDispatcher>());
        return services;
    }

    private static void AddWorkspaces(IServiceCollection services)
    {
        services.AddSingleton<LiveDisks>();
        services.AddSingleton<HeldLayers>();
        services.AddSingleton(provider => new SealedLayers(
            provider.GetRequiredService<WorkspaceStore>(),
            provider.GetRequiredService<HeldLayers>(),
            provider.GetRequiredService<WorkspaceRestorer>().RestoreAsync));
        services.AddSingleton(provider => new OpenLayers(
            provider.GetRequiredService<WorkspaceStore>(),
            provider.GetRequiredService<LayerStore>(),
            provider.GetRequiredService<LayerFiles>(),
            provider.GetRequiredService<HeldLayers>(),
            provider.GetRequiredService<WorkspaceRestorer>().RestoreAsync));
        services.AddSingleton<WorkspaceDisks>();
        services.AddSingleton(provider => new WorkspaceRemoval(
            provider.GetRequiredService<WorkspaceStore>(),
            provider.GetRequiredService<SnapshotStore>(),
            provider.GetRequiredService<HeldLayers>(),
            provider.GetRequiredService<ILogger<WorkspaceRemoval>>()));
        services.AddSingleton<LayerRecovery>();
        services.AddSingleton<LayerShortener>();
        services.AddHostedService(provider => provider.GetRequiredService<LayerShortener>());
        services.AddSingleton<TransferSlots>();
        services.AddSingleton(provider => new WorkspaceExports(
            provider.GetRequiredService<SealedLayers>(),
            provider.GetRequiredService<HeldLayers>(),
            provider.GetRequiredService<LayerFiles>(),
            provider.GetRequiredService<LayerDisks>()));
        services.AddSingleton(provider => new WorkspaceImports(
            provider.GetRequiredService<WorkspaceStore>(),
            provider.GetRequiredService<LayerFiles>(),
            provider.GetRequiredService<LayerDisks>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<WorkspaceImports>>()));
        services.AddSingleton<StoreGate>();
        services.AddSingleton<StoredImages>();
        services.AddSingleton<WorkspaceRestorer>();
        services.AddSingleton<HeadWriter>();
        services.AddSingleton<WorkspaceUploader>();
        services.AddSingleton<WorkspaceSync>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkspaceSync>());
        services.AddHostedService<WorkspaceKeeper>();
        services.AddHostedService<StoreSweep>();
        services.AddSingleton(provider => new SyncStates(
            provider.GetRequiredService<WorkspaceStore>(), provider.GetRequiredService<LayerFiles>()));
        services.AddSingleton(provider => new StoredWorkspaces(
            provider.GetRequiredService<WorkspaceStore>(),
            provider.GetRequiredService<SnapshotStore>(),
            provider.GetRequiredService<WorkspaceSync>(),
            provider.GetRequiredService<WorkspaceHeads>(),
            provider.GetRequiredService<SnapshotReader>(),
            provider.GetRequiredService<IOptions<WorkspaceOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<StoredWorkspaces>>()));
    }

    private static void AddOptions<TOptions, TValidator>(IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
    }

    /// <summary>One silo that is a cluster by itself: loopback only, and no gateway, as no client is outside of it.</summary>
    private static void AddSilo(ISiloBuilder silo)
    {
        silo.UseDevelopmentClustering(membership => membership.Configure<IOptions<NodeOptions>>(
            (development, node) => development.PrimarySiloEndpoint = EndPoint(node.Value)));
        silo.Services.AddOptions<EndpointOptions>().Configure<IOptions<NodeOptions>>((endpoints, node) =>
        {
            endpoints.AdvertisedIPAddress = IPAddress.Loopback;
            endpoints.SiloPort = node.Value.SiloPort;
            endpoints.SiloListeningEndpoint = EndPoint(node.Value);
            endpoints.GatewayPort = 0;
        });
        silo.Services.AddSingleton<SteadyClock>();
        foreach (var part in SteadyClock.Parts)
        {
            silo.Services.AddKeyedSingleton<TimeProvider>(
                part, (services, _) => services.GetRequiredService<SteadyClock>());
        }

        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (Name, Name));
    }

    private static IPEndPoint EndPoint(NodeOptions node) => new(IPAddress.Loopback, node.SiloPort);
}
