using Mags.Storage.Objects;
using Mags.Storage.Objects.Folders;
using Mags.Storage.Objects.S3;
using Mags.Storage.Snapshots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Storage;

/// <summary>Entry to this project.</summary>
public static class StorageServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IObjectStore"/> as configuration section <see cref="ObjectStoreOptions.Section"/> says, and on it
    /// <see cref="SnapshotWriter"/>, <see cref="SnapshotReader"/>, <see cref="WorkspaceHeads"/>, <see cref="ImageObjects"/>
    /// and <see cref="StoreSweeper"/>. Nothing is opened or sent before the first use; call
    /// <see cref="StoreIdentity.OpenAsync"/> before anything is written.
    /// </summary>
    public static IServiceCollection AddMagsStorage(this IServiceCollection services)
    {
        services.AddOptions<ObjectStoreOptions>().BindConfiguration(ObjectStoreOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ObjectStoreOptions>, ObjectStoreOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(CreateStore);
        services.AddSingleton(provider => new SnapshotReader(
            provider.GetRequiredService<IObjectStore>(),
            provider.GetRequiredService<IOptions<ObjectStoreOptions>>()));
        services.AddSingleton(provider => new SnapshotWriter(
            provider.GetRequiredService<IObjectStore>(),
            provider.GetRequiredService<SnapshotReader>(),
            provider.GetRequiredService<IOptions<ObjectStoreOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILogger<SnapshotWriter>>() ?? NullLogger<SnapshotWriter>.Instance));
        services.AddSingleton(provider => new WorkspaceHeads(provider.GetRequiredService<IObjectStore>()));
        services.AddSingleton(provider => new ImageObjects(provider.GetRequiredService<IObjectStore>()));
        services.AddSingleton(provider => new StoreSweeper(
            provider.GetRequiredService<IObjectStore>(),
            provider.GetRequiredService<WorkspaceHeads>(),
            provider.GetRequiredService<SnapshotReader>(),
            provider.GetRequiredService<IOptions<ObjectStoreOptions>>()));
        return services;
    }

    private static IObjectStore CreateStore(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<ObjectStoreOptions>>().Value;
        var time = provider.GetRequiredService<TimeProvider>();
        return options.IsInS3
            ? new S3ObjectStore(options.S3, credentials: null, time)
            : new FolderObjectStore(options.Folder, time);
    }
}
