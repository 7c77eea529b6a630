using System.Text;
using Mags.Cluster.Jobs.Logs;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Cluster.Tests.Jobs.Logs;

/// <summary>A log store on a folder of its own, and one job in it.</summary>
public sealed class LogFixture : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mags-logs-").FullName;

    public LogFixture(long maxBytes = 64 * 1024 * 1024)
    {
        Store = new JobLogStore(
            Options.Create(new JobLogOptions { Folder = _folder, MaxBytes = maxBytes }), Time);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public JobLogStore Store { get; }

    public Guid JobId { get; } = Guid.NewGuid();

    public string LogPath => Path.Combine(_folder, $"{JobId}.log");

    public string IndexPath => Path.Combine(_folder, $"{JobId}.idx");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Writes what a script printed on stdout, as one whole log.</summary>
    public async Task WriteAsync(params string[] pieces)
    {
        using var writer = await Store.OpenWriterAsync(JobId, Token);
        foreach (var piece in pieces)
        {
            await writer.AppendAsync(LogSource.Stdout, Encoding.UTF8.GetBytes(piece), Token);
        }

        await writer.FinishAsync(Token);
    }

    public async Task<List<LogLine>> ReadAsync(long after = 0)
    {
        using var reader = Store.OpenReader(JobId, after);
        var all = new List<LogLine>();
        while (await reader.ReadAsync(1000, Token) is { Count: > 0 } lines)
        {
            all.AddRange(lines);
        }

        return all;
    }

    public async Task<List<string>> MessagesAsync(long after = 0) =>
        [.. (await ReadAsync(after)).Select(line => line.Message)];

    public void Dispose()
    {
        Store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
