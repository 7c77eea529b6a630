using System.Diagnostics;
using System.Globalization;

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>A real S3 server in its own process, which can be stopped and started again at the same address.</summary>
public sealed class S3Server : IAsyncDisposable
{
    public const string Bucket = "mags";

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("mags-s3-").FullName;
    private Process? _server;
    private string _port = "0";

    /// <summary>Why there is none; null when there is.</summary>
    public static string? Absent { get; } = File.Exists(Path.Combine(Packages, "installed.json"))
        ? null
        : "npm's s3rver is not installed; ./test does it where there is npm";

    /// <summary>What a server has to be told, beside the credentials in <see cref="Environment"/>.</summary>
    public string Settings =>
        $$$"""
        "ObjectStore": {"Kind": "s3", "S3": {"Endpoint": "http://127.0.0.1:{{{_port}}}", "Bucket": "{{{Bucket}}}", "PathStyle": true, "Retries": 1, "RetryDelay": "00:00:00.2"}}
        """;

    /// <summary>Credentials, from where the AWS tools have them too.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } =
        new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = "S3RVER", ["AWS_SECRET_ACCESS_KEY"] = "S3RVER" };

    private static string Packages => Path.Combine(Installation.Root, "artifacts", "s3rver");

    public async Task StartAsync()
    {
        var script = Path.Combine(Installation.Root, "tests", "Mags.Storage.Tests", "S3", "serve.js");
        _server = Process.Start(new ProcessStartInfo("node", [script, Packages, _folder, Bucket, _port])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var deadline = new CancellationTokenSource(_deadline);
        _port = await _server.StandardOutput.ReadLineAsync(deadline.Token) ?? "";
        Assert.True(
            int.TryParse(_port, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            await ErrorOfAsync(_server, deadline.Token));
    }

    public async Task StopAsync()
    {
        if (_server is not null)
        {
            _server.StandardInput.Close();
            using var deadline = new CancellationTokenSource(_deadline);
            await _server.WaitForExitAsync(deadline.Token);
            _server.Dispose();
            _server = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<string> ErrorOfAsync(Process server, CancellationToken cancellationToken) =>
        server.HasExited ? await server.StandardError.ReadToEndAsync(cancellationToken) : "it gave no port";
}
