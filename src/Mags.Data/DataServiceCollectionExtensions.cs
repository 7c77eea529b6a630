using Mags.Data.Accounts;
using Mags.Data.Files;
using Mags.Data.Jobs;
using Mags.Data.Postgres;
using Mags.Data.Sqlite;
using Mags.Data.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Data;

/// <summary>Entry to this project.</summary>
public static class DataServiceCollectionExtensions
{
    /// <summary>
    /// Adds the stores and <see cref="DatabaseMigrator"/> on the database that
    /// configuration section <see cref="DataOptions.Section"/> names. Nothing is opened before the first use; call
    /// <see cref="DatabaseMigrator.MigrateAsync"/> before any store. When the provider is disposed, writes that wait
    /// are carried out first.
    /// </summary>
    public static IServiceCollection AddMagsData(this IServiceCollection services)
    {
        services.AddOptions<DataOptions>().BindConfiguration(DataOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DataOptions>, DataOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(CreateDatabase);
        services.AddSingleton(provider => new JobStore(provider.GetRequiredService<Database>()));
        services.AddSingleton(provider => new WorkspaceStore(provider.GetRequiredService<Database>()));
        services.AddSingleton(provider => new LayerStore(
            provider.GetRequiredService<Database>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SnapshotStore(provider.GetRequiredService<Database>()));
        services.AddSingleton(provider => new StoreBinding(provider.GetRequiredService<Database>()));
        services.AddSingleton(provider => new FileStore(provider.GetRequiredService<Database>()));
        services.AddSingleton(provider => new AccountStore(
            provider.GetRequiredService<Database>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new DatabaseMigrator(
            provider.GetRequiredService<Database>(),
            provider.GetService<ILogger<DatabaseMigrator>>() ?? NullLogger<DatabaseMigrator>.Instance));
        return services;
    }

    private static Database CreateDatabase(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<DataOptions>>().Value;
        var loggers = provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        return options.Provider == DataOptions.Postgres
            ? new PostgresDatabase(options.ConnectionString, loggers)
            : new SqliteDatabase(options.ConnectionString, loggers);
    }
}
