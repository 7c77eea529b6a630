using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Mags.Contracts;
using Mags.Contracts.Account;
using Mags.Contracts.Errors;
using Mags.Contracts.Files;
using Mags.Contracts.Images;
using Mags.Contracts.Jobs;
using Mags.Contracts.Server;
using Mags.Contracts.Workspaces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mags.Client.Tests.Fakes;

/// <summary>
/// A server that speaks the contract over real HTTP, for one job, and does what the test tells it to.
/// </summary>
internal sealed class ServerDouble : IAsyncDisposable
{
    public const string Token = "mags_test_token";
    public const string JobId = "0198c0de-0000-7000-8000-000000000001";

    public static readonly DateTimeOffset Created = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly WebApplication _app;
    private readonly Channel<object> _steps = Channel.CreateUnbounded<object>();
    private readonly List<LogEntry> _log = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<(int Status, string Body)> _refusals = new();

    private ServerDouble(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>Method, path and query of each call, and the Last-Event-ID it came with.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    public ConcurrentQueue<CreateJobRequest> Jobs { get; } = new();

    /// <summary>Names and texts of the uploads, the first of which is <c>file-1</c>.</summary>
    public ConcurrentQueue<(string Name, string Text)> Files { get; } = new();

    public JobResponse Job { get; set; } = new()
    {
        RequestId = JobId,
        Name = "brave-otter",
        Status = JobStatusNames.Completed,
        Persistent = false,
        NoSleep = false,
        Sleeping = false,
        ExitCode = 0,
        ScriptDurationMs = 1234,
        CreatedAt = Created,
        Image = "debian",
        Isolation = "microvm",
        Accelerator = "tcg",
        Vcpus = 1,
        MemoryMb = 1024,
        DiskGb = 2,
    };

    /// <summary>Bodies of what makes and changes workspaces.</summary>
    public ConcurrentQueue<string> WorkspaceBodies { get; } = new();

    /// <summary>The disk of the workspace: what is exported, or was imported.</summary>
    public byte[] Disk { get; set; } = [];

    public ObjectStoreResponse? ObjectStore { get; set; }

    /// <summary>Ends when the job was stopped.</summary>
    public Task Stopped => _stopped.Task;

    public static ImageResponse Image { get; } = new()
    {
        Name = "debian",
        Digest = "sha256:0123456789abcdef0123456789abcdef",
        SizeBytes = 85 * 1024 * 1024,
        BuiltAt = Created,
        BuildSeconds = 41.5,
        Default = true,
    };

    public static async Task<ServerDouble> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ServerDouble(builder.Build());
        server._app.Run(server.HandleAsync);
        await server._app.StartAsync();
        return server;
    }

    public void Prints(string source, string message)
    {
        _steps.Writer.TryWrite(new LogEntry
        {
            Seq = 0,
            Timestamp = Created,
            Level = source == "stderr" ? "error" : "info",
            Message = message,
            Source = source,
        });
    }

    /// <summary>The one workspace there is.</summary>
    public WorkspaceResponse Fork { get; set; } = new()
    {
        WorkspaceId = "fork",
        JobCount = 3,
        LastUsed = Created,
        HasActive = true,
        Persistent = false,
        SizeBytes = 3 << 20,
        DiskGb = 2,
        Image = "debian",
        BaseWorkspaceId = "tools",
    };

    public void Ends(string status, int? exitCode, string? error = null)
    {
        Job = Job with { Status = status, ExitCode = exitCode, Error = error };
        _steps.Writer.TryWrite(new JobEnd { Status = status, ExitCode = exitCode });
    }

    /// <summary>Cuts the connection of whoever follows the log.</summary>
    public void BreaksConnection() => _steps.Writer.TryWrite(string.Empty);

    /// <summary>Answers the next call with this instead.</summary>
    public void Refuses(int status, string code, string error) => RefusesRaw(
        status,
        JsonSerializer.Serialize(
            new ErrorResponse { Error = error, Code = code }, MagsJsonContext.Default.ErrorResponse));

    public void RefusesRaw(int status, string body) => _refusals.Enqueue((status, body));

    public async ValueTask DisposeAsync()
    {
        _steps.Writer.TryComplete();
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var lastEventId = request.Headers["Last-Event-ID"].ToString();
        Calls.Enqueue($"{request.Method} {request.Path.Value}{request.QueryString} {lastEventId}".TrimEnd());
        if (_refusals.TryDequeue(out var refusal))
        {
            context.Response.StatusCode = refusal.Status;
            await context.Response.WriteAsync(refusal.Body);
            return;
        }

        if (request.Headers.Authorization != $"Bearer {Token}")
        {
            context.Response.StatusCode = 401;
            await WriteAsync(
                context,
                new ErrorResponse { Error = "the token is not valid; log in again", Code = ErrorCodes.Unauthorized },
                MagsJsonContext.Default.ErrorResponse);
            return;
        }

        await RouteAsync(context);
    }

    private Task RouteAsync(HttpContext context)
    {
        var json = MagsJsonContext.Default;
        return context.Request.Path.Value!["/api/v1/".Length..] switch
        {
            "mags-jobs" when context.Request.Method == "POST" => CreateAsync(context),
            "mags-files" => UploadAsync(context),
            "mags-jobs" => WriteAsync(
                context,
                new JobListResponse { Jobs = [Job with { Script = "echo hi" }], Total = 1, Page = 1, PageSize = 20 },
                json.JobListResponse),
            $"mags-jobs/{JobId}/status" or "mags-jobs/brave-otter/status" =>
                WriteAsync(context, Job, json.JobResponse),
            $"mags-jobs/{JobId}/logs" or "mags-jobs/brave-otter/logs" =>
                context.Request.Query.ContainsKey("follow") ? FollowAsync(context) : LogsAsync(context),
            $"mags-jobs/{JobId}/stop" or "mags-jobs/brave-otter/stop" => StopAsync(context),
            $"mags-jobs/{JobId}/sync" or "mags-jobs/brave-otter/sync" => WriteAsync(
                context, new ActionResponse { Success = true, Message = "Sync initiated" }, json.ActionResponse),
            "mags-whoami" => WriteAsync(
                context,
                new WhoAmIResponse { User = "ada", Token = "laptop", Version = "0.1.0" },
                json.WhoAmIResponse),
            "mags-workspaces" when context.Request.Method == "POST" => ChangeAsync(context, StatusCodes.Status201Created),
            "mags-workspaces/fork" when context.Request.Method == "PATCH" => ChangeAsync(context, StatusCodes.Status200OK),
            "mags-workspaces/fork" when context.Request.Method == "GET" => WriteAsync(context, Fork, json.WorkspaceResponse),
            "mags-workspaces/fork/export" => ExportAsync(context),
            "mags-workspaces/fork/import" => ImportAsync(context),
            "mags-workspaces/fork/rollback" => WriteAsync(
                context,
                new ActionResponse { Success = true, Message = "Workspace 'fork' is as of 2026-01-02 03:04:05Z" },
                json.ActionResponse),
            "mags-workspaces" => WriteAsync(
                context, new WorkspaceListResponse { Workspaces = [Fork], Total = 1 }, json.WorkspaceListResponse),
            "mags-workspaces/fork" when context.Request.Method == "DELETE" => WriteAsync(
                context, new ActionResponse { Success = true, Message = "Workspace 'fork' deleted" }, json.ActionResponse),
            "mags-images" => WriteAsync(
                context, new ImageListResponse { Images = [Image], Total = 1 }, json.ImageListResponse),
            "mags-server" => WriteAsync(
                context,
                new ServerInfoResponse
                {
                    Version = "0.1.0",
                    Pid = Environment.ProcessId,
                    Home = "/home/of/mags",
                    State = "ready",
                    Accelerator = "tcg",
                    AcceleratorReason = "there is no /dev/kvm",
                    Pool = new PoolStatusResponse
                    {
                        IdleVms = 4,
                        BusyVms = 3,
                        TotalVms = 7,
                        MinPoolSize = 2,
                        MaxPoolSize = 10,
                        HotVms = 3,
                        ColdVms = 1,
                    },
                    Walls =
                    [
                        new WallResponse { Name = "user", Stands = true, Detail = "one each" },
                        new WallResponse { Name = "files", Stands = true, Detail = "few" },
                        new WallResponse
                        {
                            Name = "hardware", Stands = false, Detail = "QEMU promises isolation with KVM only.",
                        },
                    ],
                    ObjectStore = ObjectStore,
                    Images = [Image],
                },
                json.ServerInfoResponse),
            _ => NotFoundAsync(context),
        };
    }

    private async Task CreateAsync(HttpContext context)
    {
        var body = await context.Request.ReadFromJsonAsync(
            MagsJsonContext.Default.CreateJobRequest, context.RequestAborted);
        Jobs.Enqueue(body!);
        context.Response.StatusCode = 202;
        await WriteAsync(
            context,
            new JobAccepted { RequestId = JobId, Status = "accepted", Message = "Job accepted" },
            MagsJsonContext.Default.JobAccepted);
    }

    /// <summary>Says that the disk has as many GiB as it says, whatever there is.</summary>
    private async Task ExportAsync(HttpContext context)
    {
        context.Response.Headers[WorkspaceHeaders.Image] = "debian";
        context.Response.Headers[WorkspaceHeaders.ImageDigest] = "sha256:01";
        context.Response.Headers[WorkspaceHeaders.DiskGb] = "1";
        context.Response.Headers.ContentEncoding = "gzip";
        await using var packer = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
        await packer.WriteAsync(Disk, context.RequestAborted);
        var zeros = new byte[1 << 20];
        for (var left = (1L << 30) - Disk.Length; Disk.Length > 0 && left > 0; left -= zeros.Length)
        {
            await packer.WriteAsync(zeros.AsMemory(0, (int)Math.Min(left, zeros.Length)), context.RequestAborted);
        }
    }

    private async Task ImportAsync(HttpContext context)
    {
        await using var unpacker = new GZipStream(context.Request.Body, CompressionMode.Decompress);
        using var disk = new MemoryStream();
        await unpacker.CopyToAsync(disk, context.RequestAborted);
        Disk = disk.ToArray();
        context.Response.StatusCode = StatusCodes.Status201Created;
        await WriteAsync(context, Fork, MagsJsonContext.Default.WorkspaceResponse);
    }

    private async Task ChangeAsync(HttpContext context, int status)
    {
        using var reader = new StreamReader(context.Request.Body);
        WorkspaceBodies.Enqueue(await reader.ReadToEndAsync(context.RequestAborted));
        context.Response.StatusCode = status;
        await WriteAsync(context, Fork, MagsJsonContext.Default.WorkspaceResponse);
    }

    private async Task UploadAsync(HttpContext context)
    {
        var file = (await context.Request.ReadFormAsync(context.RequestAborted)).Files["file"]!;
        using var reader = new StreamReader(file.OpenReadStream());
        Files.Enqueue((file.FileName, await reader.ReadToEndAsync(context.RequestAborted)));
        context.Response.StatusCode = 201;
        await WriteAsync(
            context,
            new FileResponse { FileId = $"file-{Files.Count}", FileName = file.FileName, Size = file.Length },
            MagsJsonContext.Default.FileResponse);
    }

    private async Task LogsAsync(HttpContext context)
    {
        while (_steps.Reader.TryRead(out var step))
        {
            if (step is LogEntry entry)
            {
                _log.Add(entry with { Seq = _log.Count + 1 });
            }
        }

        await WriteAsync(context, new LogsResponse { Logs = _log }, MagsJsonContext.Default.LogsResponse);
    }

    private async Task FollowAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        var after = long.Parse(
            context.Request.Headers["Last-Event-ID"].FirstOrDefault()
                ?? context.Request.Query["after"].FirstOrDefault()
                ?? "0",
            CultureInfo.InvariantCulture);
        // As a server does that sends a line again: the client must show it once.
        foreach (var entry in _log.Where(e => e.Seq >= after))
        {
            await SendAsync(context, entry);
        }

        await context.Response.Body.FlushAsync(context.RequestAborted);
        await foreach (var step in _steps.Reader.ReadAllAsync(context.RequestAborted))
        {
            switch (step)
            {
                case LogEntry entry:
                    _log.Add(entry with { Seq = _log.Count + 1 });
                    await SendAsync(context, _log[^1]);
                    break;
                case JobEnd end:
                    var data = JsonSerializer.Serialize(end, MagsJsonContext.Default.JobEnd);
                    await context.Response.WriteAsync($"event: end\ndata: {data}\n\n", context.RequestAborted);
                    return;
                default:
                    context.Abort();
                    return;
            }
        }
    }

    private static async Task SendAsync(HttpContext context, LogEntry entry)
    {
        var data = JsonSerializer.Serialize(entry, MagsJsonContext.Default.LogEntry);
        await context.Response.WriteAsync(
            $": keep-alive\n\nid: {entry.Seq}\nevent: log\ndata: {data}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private Task StopAsync(HttpContext context)
    {
        _stopped.TrySetResult();
        return WriteAsync(
            context,
            new ActionResponse { Success = true, Message = "Job stopped" },
            MagsJsonContext.Default.ActionResponse);
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return WriteAsync(
            context,
            new ErrorResponse { Error = "there is no such job", Code = ErrorCodes.NotFound },
            MagsJsonContext.Default.ErrorResponse);
    }

    private static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
