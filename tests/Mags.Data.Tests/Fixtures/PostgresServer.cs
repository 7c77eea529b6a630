using System.Diagnostics;
using Npgsql;

[assembly: AssemblyFixture(typeof(Mags.Data.Tests.Fixtures.PostgresServer))]

namespace Mags.Data.Tests.Fixtures;

/// <summary>A private PostgreSQL server for this run, started at its first use.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(2);

    private readonly Lazy<Task<string>> _start;
    private Process? _server;

    public PostgresServer()
    {
        _start = new Lazy<Task<string>>(StartAsync);
    }

    /// <summary>Folder of the newest installed server's programs; null when there is none.</summary>
    public static string? Programs { get; } = FindPrograms();

    /// <summary>A new empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var folder = await _start.Value;
        var name = $"t{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(ConnectionString(folder, "postgres"));
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A name made above; it cannot be a parameter.
        command.CommandText = $"CREATE DATABASE {name}";
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
        return ConnectionString(folder, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            NpgsqlConnection.ClearAllPools();
            _server.StandardInput.Close();
            using var deadline = new CancellationTokenSource(_deadline);
            await _server.WaitForExitAsync(deadline.Token);
            _server.Dispose();
        }
    }

    private static string ConnectionString(string folder, string database) =>
        $"Host={folder};Username=mags;Database={database};Maximum Pool Size=20;Timeout=60";

    private static string? FindPrograms()
    {
        const string Root = "/usr/lib/postgresql";
        return !Directory.Exists(Root)
            ? null
            : Directory.GetDirectories(Root)
                .Where(version => File.Exists(Path.Combine(version, "bin", "initdb")))
                .OrderByDescending(version => int.TryParse(Path.GetFileName(version), out var number) ? number : 0)
                .Select(version => Path.Combine(version, "bin"))
                .FirstOrDefault();
    }

    private async Task<string> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("mags-pg-").FullName;
        var script = Path.Combine(AppContext.BaseDirectory, "Postgres", "postgres.sh");
        _server = Process.Start(new ProcessStartInfo("/bin/sh", [script, Programs!, folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var deadline = new CancellationTokenSource(_deadline);
        var line = await _server.StandardOutput.ReadLineAsync(deadline.Token);
        return line == "ready"
            ? folder
            : throw new InvalidOperationException(await _server.StandardError.ReadToEndAsync(deadline.Token));
    }
}
