using Mags.Cluster.Jobs.Logs;
using Mags.Cluster.Nodes;
using Mags.Data;
using Mags.Machines;
using Mags.Storage;

namespace Mags.Server.Hosting;

/// <summary>
/// The server's settings, later ones winning: what follows from the home folder, <c>config.json</c> in it, then what
/// the command line and the environment say.
/// </summary>
internal static class ServerConfiguration
{
    public const string FileName = "config.json";
    private const string DatabaseName = "mags.db";
    private const string ObjectsFolder = "objects";
    private const string LogsFolder = "logs";

    public static void Add(IConfigurationBuilder configuration, ServerSettings settings)
    {
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            [$"{DataOptions.Section}:{nameof(DataOptions.ConnectionString)}"] =
                $"Data Source={Path.Combine(settings.Home, DatabaseName)}",
            [$"{JobLogOptions.Section}:{nameof(JobLogOptions.Folder)}"] = Path.Combine(settings.Home, LogsFolder),
            [$"{ObjectStoreOptions.Section}:{nameof(ObjectStoreOptions.Folder)}"] =
                Path.Combine(settings.Home, ObjectsFolder),
        });
        configuration.AddJsonFile(Path.Combine(settings.Home, FileName), optional: true, reloadOnChange: false);
        configuration.AddInMemoryCollection(Overrides(settings));
    }

    private static Dictionary<string, string?> Overrides(ServerSettings settings)
    {
        var overrides = new Dictionary<string, string?>
        {
            [$"{MachinesOptions.Section}:{nameof(MachinesOptions.Home)}"] = settings.Home,
            [$"{NodeOptions.Section}:{nameof(NodeOptions.SiloPort)}"] = $"{SiloPort.Choose(settings.Home)}",
        };
        if (settings.Listen is { } listen)
        {
            overrides[$"{ServerOptions.Section}:{nameof(ServerOptions.Listen)}"] = listen;
        }

        if (settings.Accelerator is { } accelerator)
        {
            overrides[$"{MachinesOptions.Section}:{nameof(MachinesOptions.Accelerator)}"] = accelerator;
        }

        return overrides;
    }
}
