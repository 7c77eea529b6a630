using Mags.Storage.Objects;
using Mags.Storage.Objects.Folders;
using Mags.Storage.Objects.S3;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Mags.Storage;

/// <summary>Entry to this project.</summary>
public static class StorageServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IObjectStore"/> as configuration section <see cref="ObjectStoreOptions.Section"/> says. Nothing is
    /// opened or sent before the first use.
    /// </summary>
    public static IServiceCollection AddMagsStorage(this IServiceCollection services)
    {
        services.AddOptions<ObjectStoreOptions>().BindConfiguration(ObjectStoreOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ObjectStoreOptions>, ObjectStoreOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(CreateStore);
        return services;
    }

    private static IObjectStore CreateStore(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<ObjectStoreOptions>>().Value;
        var time = provider.GetRequiredService<TimeProvider>();
        return options.Kind == ObjectStoreOptions.InS3
            ? new S3ObjectStore(options.S3, credentials: null, time)
            : new FolderObjectStore(options.Folder, time);
    }
}
