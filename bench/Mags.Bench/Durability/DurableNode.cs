using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mags.Client;
using Mags.Data;
using Mags.Data.Workspaces;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Bench.Durability;

/// <summary>A server that syncs, merges and sweeps as often as it can, and its home and object store.</summary>
internal sealed class DurableNode : IAsyncDisposable
{
    // Longer than twice any sync here takes, and shorter than some rounds.
    private const string Grace = "00:00:20";
    // No smaller one is taken.
    private const string ShortestGrace = "00:00:10";
    private const long Always = 1L << 40;

    // Beside these only the store's mark and the sweeps' own notes.
    private static readonly string[] _contents = ["heads", "snapshots", "packs", "images", "probe"];

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _settle = TimeSpan.FromSeconds(60);

    private readonly PrivateServer _server;
    private readonly S3Server? _s3;

    private DurableNode(PrivateServer server, S3Server? s3) => (_server, _s3) = (server, s3);

    public MagsClient Client => _server.Client;

    /// <summary>All QEMU processes that it has now.</summary>
    public IReadOnlyList<Hypervisor> Machines => Hypervisor.Of(_server.Home);

    private string Layers => Path.Combine(_server.Home, "layers");

    private string Store => Path.Combine(_server.Home, "objects");

    private IEnumerable<string> Keys => _s3?.Keys() ?? Files(Store).Select(file => Path.GetRelativePath(Store, file));

    public static async Task<DurableNode> StartAsync(BenchOptions options, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // The node disposes of it, or the catch below does.
        var s3 = options.S3 ? new S3Server(options.Root) : null;
#pragma warning restore CA2000
        try
        {
            await (s3?.StartAsync(cancellationToken) ?? Task.CompletedTask);
            var settings = Settings(s3, Grace, evictBelow: 0);
            return new DurableNode(await PrivateServer.StartAsync(options, settings, stored: 0, cancellationToken), s3);
        }
        catch
        {
            await (s3?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>Kills one of its processes.</summary>
    public static void Kill(Hypervisor machine)
    {
        try
        {
            using var process = Process.GetProcessById(machine.Pid);
            process.Kill();
            process.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It ended meanwhile.
        }
    }

    /// <summary>Kills all that a dead server has left running.</summary>
    public void KillMachines()
    {
        foreach (var machine in Machines)
        {
            Kill(machine);
        }
    }

    public Task KillAsync(CancellationToken cancellationToken) => _server.KillAsync(cancellationToken);

    /// <summary>Starts the server again.</summary>
    /// <param name="evict">Whether all that the object store has is removed from the node at its start.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ReturnAsync(bool evict, CancellationToken cancellationToken)
    {
        await _server.ConfigureAsync(Settings(_s3, Grace, evict ? Always : 0), cancellationToken);
        await _server.StartAgainAsync(cancellationToken);
    }

    /// <summary>Deletes all layers, and the image that they lie over: its name means another build from now on.</summary>
    public async Task LoseAsync(CancellationToken cancellationToken)
    {
        Directory.Delete(Layers, recursive: true);
        await OtherImage.ReplaceAsync(Path.Combine(_server.Home, "images"), cancellationToken);
    }

    /// <summary>Forks a workspace, unless it cannot be now.</summary>
    /// <returns>Whether there is a fork.</returns>
    public async Task<bool> TryForkAsync(string workspace, string name, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _server.Token);
        using var answer = await http.PostAsJsonAsync(
            $"{_server.Url}/api/v1/mags-workspaces",
            new JsonObject { ["workspace_id"] = name, ["base_workspace_id"] = workspace },
            cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Deletes all workspaces. Then neither a layer nor anything in the object store is needed.</summary>
    /// <returns>What is there nevertheless, once sweeps have had their time.</returns>
    public async Task<IReadOnlyList<string>> FindOrphansAsync(CancellationToken cancellationToken)
    {
        foreach (var workspace in (await Client.ListWorkspacesAsync(cancellationToken)).Workspaces)
        {
            _ = await Client.DeleteWorkspaceAsync(workspace.WorkspaceId, cancellationToken);
        }

        await _server.StopAsync();
        await _server.ConfigureAsync(Settings(_s3, ShortestGrace, evictBelow: 0), cancellationToken);
        await _server.StartAgainAsync(cancellationToken);
        var until = TimeProvider.System.GetUtcNow() + _settle;
        while (true)
        {
            List<string> found = [.. Find(), .. await FindRowsAsync(cancellationToken)];
            if (found.Count == 0 || TimeProvider.System.GetUtcNow() > until)
            {
                return found;
            }

            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await (_s3?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private static JsonObject Settings(S3Server? s3, string grace, long evictBelow)
    {
        var store = s3?.ObjectStore ?? [];
        store["SweepGrace"] = grace;
        return new()
        {
            ["Pool"] = new JsonObject { ["MinHot"] = 0, ["MaxHot"] = 0, ["Cold"] = 0 },
            ["UserLimits"] = new JsonObject { ["MaxLive"] = 1_000_000 },
            ["ObjectStore"] = store,
            ["Workspaces"] = new JsonObject
            {
                ["SyncSeconds"] = 1,
                ["MaxLayers"] = 3,
                ["SweepSeconds"] = 1,
                ["EvictBelowMib"] = evictBelow,
            },
        };
    }

    private IEnumerable<string> Find()
    {
        foreach (var file in Files(Layers))
        {
            yield return $"the layer {Path.GetFileName(file)}, of no workspace";
        }

        foreach (var key in Keys.Where(key => _contents.Contains(key.Split('/')[0])))
        {
            yield return $"the object {key}, which nothing names";
        }
    }

    private static string[] Files(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];

    private async Task<IEnumerable<string>> FindRowsAsync(CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [$"{DataOptions.Section}:{nameof(DataOptions.ConnectionString)}"] =
                $"Data Source={Path.Combine(_server.Home, "mags.db")}",
        }).Build();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddMagsData()
            .BuildServiceProvider();
        var rows = await services.GetRequiredService<LayerStore>().ListAsync(cancellationToken);
        return rows.Select(layer => $"the row of layer {layer:N}");
    }
}
