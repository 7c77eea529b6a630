using System.Diagnostics;
using System.Globalization;
using Amazon.Runtime;

[assembly: AssemblyFixture(typeof(Mags.Storage.Tests.S3.S3Server))]

namespace Mags.Storage.Tests.S3;

/// <summary>A private S3 server for this run, in its own process, started at its first use.</summary>
public sealed class S3Server : IAsyncDisposable
{
    internal const string Bucket = "mags-test";

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(1);

    private readonly Lazy<Task<Uri>> _start;
    private readonly string _folder = Directory.CreateTempSubdirectory("mags-s3-").FullName;
    private Process? _server;

    public S3Server()
    {
        _start = new Lazy<Task<Uri>>(StartAsync);
    }

    /// <summary>Why there is none; null when there is.</summary>
    public static string? Absent { get; } = File.Exists(Path.Combine(Packages, "installed.json"))
        ? null
        : "npm's s3rver is not installed; ./test does it where there is npm";

    internal static AWSCredentials Credentials { get; } = new BasicAWSCredentials("S3RVER", "S3RVER");

    // In artifacts, two above artifacts/bin/PROJECT.
    private static string Packages =>
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "s3rver"));

    /// <summary>Its address.</summary>
    public Task<Uri> AddressAsync()
    {
        Assert.SkipWhen(Absent is not null, Absent ?? "");
        return _start.Value;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            _server.StandardInput.Close();
            using var deadline = new CancellationTokenSource(_deadline);
            await _server.WaitForExitAsync(deadline.Token);
            _server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<Uri> StartAsync()
    {
        var script = Path.Combine(AppContext.BaseDirectory, "S3", "serve.js");
        _server = Process.Start(new ProcessStartInfo("node", [script, Packages, _folder, Bucket])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var deadline = new CancellationTokenSource(_deadline);
        var line = await _server.StandardOutput.ReadLineAsync(deadline.Token);
        return int.TryParse(line, CultureInfo.InvariantCulture, out var port)
            ? new Uri($"http://127.0.0.1:{port}")
            : throw new InvalidOperationException(await _server.StandardError.ReadToEndAsync(deadline.Token));
    }
}
