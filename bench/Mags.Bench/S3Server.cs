using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Mags.Bench;

/// <summary>A real S3 server in its own process, which can be stopped and started again at the same address.</summary>
/// <param name="root">The checkout, in whose artifacts it is installed.</param>
internal sealed class S3Server(string root) : IAsyncDisposable
{
    private const string Bucket = "mags";
    private const string ObjectSuffix = "._S3rver_object";

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("mags-s3-").FullName;
    private Process? _server;
    private string _port = "0";

    /// <summary>Section <c>ObjectStore</c> of a server that uses it, beside <see cref="Environment"/>.</summary>
    public JsonObject ObjectStore => new()
    {
        ["Kind"] = "s3",
        ["S3"] = new JsonObject
        {
            ["Endpoint"] = $"http://127.0.0.1:{_port}",
            ["Bucket"] = Bucket,
            ["PathStyle"] = true,
            ["Retries"] = 1,
            ["RetryDelay"] = "00:00:00.2",
        },
    };

    /// <summary>Credentials, from where the AWS tools have them too.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } =
        new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = "S3RVER", ["AWS_SECRET_ACCESS_KEY"] = "S3RVER" };

    /// <summary>Why there is none in a checkout; null when there is.</summary>
    public static string? AbsentFrom(string root) => File.Exists(Path.Combine(PackagesOf(root), "installed.json"))
        ? null
        : "npm's s3rver is not installed; ./test and ./bench/run durability --s3 do it where there is npm";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var script = Path.Combine(root, "tests", "Mags.Storage.Tests", "S3", "serve.js");
        _server = Process.Start(new ProcessStartInfo("node", [script, PackagesOf(root), _folder, Bucket, _port])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_deadline);
        _port = await _server.StandardOutput.ReadLineAsync(deadline.Token) ?? "";
        if (!int.TryParse(_port, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            var error = await _server.StandardError.ReadToEndAsync(deadline.Token);
            throw new InvalidOperationException($"The S3 server did not start: {error}");
        }
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

    /// <summary>The keys of all objects, as they lie in its folder.</summary>
    public IEnumerable<string> Keys()
    {
        var bucket = Path.Combine(_folder, Bucket);
        return Directory.GetFiles(bucket, "*" + ObjectSuffix, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(bucket, path)[..^ObjectSuffix.Length]);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string PackagesOf(string root) => Path.Combine(root, "artifacts", "s3rver");
}
