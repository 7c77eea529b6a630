using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Mags.Client.Errors;
using Mags.Client.Http;
using Mags.Client.Jobs;
using Mags.Client.Workspaces;
using Mags.Contracts;
using Mags.Contracts.Account;
using Mags.Contracts.Files;
using Mags.Contracts.Images;
using Mags.Contracts.Jobs;
using Mags.Contracts.Server;
using Mags.Contracts.Workspaces;

namespace Mags.Client;

/// <summary>
/// A typed client of the REST API. Every method throws <see cref="MagsApiException"/> when the server refuses or
/// cannot be reached. Safe for any number of calls at once.
/// </summary>
public sealed class MagsClient : IDisposable
{
    private readonly MagsClientOptions _options;
    private readonly MagsHttp _http;

    /// <summary>A client with connections of its own.</summary>
    /// <param name="options">Where the server is and who calls.</param>
    /// <exception cref="ArgumentException">The address is no http or https address.</exception>
    public MagsClient(MagsClientOptions options)
        : this(null, options)
    {
    }

    /// <summary>A client on the caller's <see cref="HttpClient"/>, which stays the caller's.</summary>
    /// <param name="http">Its own time-out holds too: give it an infinite one to follow logs.</param>
    /// <param name="options">Where the server is and who calls.</param>
    /// <exception cref="ArgumentException">The address is no http or https address.</exception>
    public MagsClient(HttpClient? http, MagsClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _http = new MagsHttp(http, options);
    }

    /// <summary>The server's address: scheme, host and port.</summary>
    public string BaseUrl => NetworkErrors.Name(_http.BaseUri);

    /// <summary>Submits a job: <c>POST /mags-jobs</c>. When this returns the job is durable.</summary>
    public Task<JobAccepted> CreateJobAsync(CreateJobRequest request, CancellationToken cancellationToken = default) =>
        _http.PostAsync(
            "mags-jobs",
            request,
            MagsJsonContext.Default.CreateJobRequest,
            MagsJsonContext.Default.JobAccepted,
            cancellationToken);

    /// <summary>A job's state: <c>GET /mags-jobs/:id/status</c>.</summary>
    /// <param name="job">Request id, job name or workspace id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<JobResponse> GetJobAsync(string job, CancellationToken cancellationToken = default) =>
        _http.GetAsync($"{JobPath(job)}/status", MagsJsonContext.Default.JobResponse, cancellationToken);

    /// <summary>The caller's jobs, newest first: <c>GET /mags-jobs</c>.</summary>
    /// <param name="page">From 1.</param>
    /// <param name="pageSize">At most 100.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<JobListResponse> ListJobsAsync(
        int page = 1, int pageSize = 20, CancellationToken cancellationToken = default) =>
        _http.GetAsync(
            string.Create(CultureInfo.InvariantCulture, $"mags-jobs?page={page}&page_size={pageSize}"),
            MagsJsonContext.Default.JobListResponse,
            cancellationToken);

    /// <summary>The lines of a job's log so far: <c>GET /mags-jobs/:id/logs</c>.</summary>
    /// <param name="job">Request id, job name or workspace id.</param>
    /// <param name="after">Only lines with a higher number than this; 0 is from the start.</param>
    /// <param name="limit">At most so many; null is all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<LogsResponse> GetLogsAsync(
        string job, long after = 0, int? limit = null, CancellationToken cancellationToken = default)
    {
        var query = new List<string>(2);
        if (after != 0)
        {
            query.Add(string.Create(CultureInfo.InvariantCulture, $"after={after}"));
        }

        if (limit is { } most)
        {
            query.Add(string.Create(CultureInfo.InvariantCulture, $"limit={most}"));
        }

        var path = $"{JobPath(job)}/logs";
        return _http.GetAsync(
            query.Count == 0 ? path : $"{path}?{string.Join('&', query)}",
            MagsJsonContext.Default.LogsResponse,
            cancellationToken);
    }

    /// <summary>
    /// The lines of a job's log as they come, then its end: <c>GET /mags-jobs/:id/logs?follow=true</c>. A connection
    /// that breaks is dialled again from the last line seen, for <see cref="MagsClientOptions.ReconnectTimeout"/>.
    /// </summary>
    /// <param name="job">Request id, job name or workspace id.</param>
    /// <param name="after">Only lines with a higher number than this; 0 is from the start.</param>
    /// <param name="cancellationToken">Stops following; the job goes on.</param>
    public async IAsyncEnumerable<JobLogEvent> FollowLogsAsync(
        string job, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var follower = new LogFollower(_http, job, after, _options);
        JobLogEvent next;
        do
        {
            next = await follower.NextAsync(cancellationToken);
            yield return next;
        }
        while (next.End is null);
    }

    /// <summary>Ends a job: <c>POST /mags-jobs/:id/stop</c>. On one that has ended nothing changes.</summary>
    /// <param name="job">Request id, job name or workspace id.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may stop the job all the same.</param>
    public Task<ActionResponse> StopJobAsync(string job, CancellationToken cancellationToken = default) =>
        _http.PostAsync($"{JobPath(job)}/stop", MagsJsonContext.Default.ActionResponse, cancellationToken);

    /// <summary>
    /// Begins to bring what a running job has written to the object store: <c>POST /mags-jobs/:id/sync</c>. A job that has
    /// ended, or has no persistent workspace, is refused (409).
    /// </summary>
    /// <param name="job">Request id, job name or workspace id.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may sync all the same.</param>
    public Task<ActionResponse> SyncJobAsync(string job, CancellationToken cancellationToken = default) =>
        _http.PostAsync($"{JobPath(job)}/sync", MagsJsonContext.Default.ActionResponse, cancellationToken);

    /// <summary>
    /// Uploads a file that jobs can name: <c>POST /mags-files</c>. It may take as long as it needs, as long as it gets on
    /// within <see cref="MagsClientOptions.Timeout"/>.
    /// </summary>
    /// <param name="content">Its content, read from here on to its end; it stays the caller's.</param>
    /// <param name="name">Its name; a path is cut off by the server.</param>
    /// <param name="progress">Told how many bytes have been sent; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; the server keeps nothing then, unless it has answered already.</param>
    public Task<FileResponse> UploadFileAsync(
        Stream content, string name, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        _http.UploadAsync(
            "mags-files",
            getsOn => NewForm(new FileContent(content, progress, getsOn), name),
            MagsJsonContext.Default.FileResponse,
            cancellationToken);

    /// <summary>The caller's workspaces, by name: <c>GET /mags-workspaces</c>.</summary>
    public Task<WorkspaceListResponse> ListWorkspacesAsync(CancellationToken cancellationToken = default) =>
        _http.GetAsync("mags-workspaces", MagsJsonContext.Default.WorkspaceListResponse, cancellationToken);

    /// <summary>A workspace: <c>GET /mags-workspaces/:id</c>.</summary>
    /// <param name="workspace">Its name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<WorkspaceResponse> GetWorkspaceAsync(string workspace, CancellationToken cancellationToken = default) =>
        _http.GetAsync(WorkspacePath(workspace), MagsJsonContext.Default.WorkspaceResponse, cancellationToken);

    /// <summary>
    /// Makes a workspace that starts from what another was when it was last sealed: <c>POST /mags-workspaces</c>. A name
    /// that is taken is refused (409).
    /// </summary>
    /// <param name="request">The new workspace's name and that of its base.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may make it all the same.</param>
    public Task<WorkspaceResponse> CreateWorkspaceAsync(
        CreateWorkspaceRequest request, CancellationToken cancellationToken = default) =>
        _http.PostAsync(
            "mags-workspaces",
            request,
            MagsJsonContext.Default.CreateWorkspaceRequest,
            MagsJsonContext.Default.WorkspaceResponse,
            cancellationToken);

    /// <summary>Changes a workspace: <c>PATCH /mags-workspaces/:id</c>. A smaller disk is refused (400).</summary>
    /// <param name="workspace">Its name.</param>
    /// <param name="request">What it is to be from its next job on.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may change it all the same.</param>
    public Task<WorkspaceResponse> UpdateWorkspaceAsync(
        string workspace, UpdateWorkspaceRequest request, CancellationToken cancellationToken = default) =>
        _http.PatchAsync(
            WorkspacePath(workspace),
            request,
            MagsJsonContext.Default.UpdateWorkspaceRequest,
            MagsJsonContext.Default.WorkspaceResponse,
            cancellationToken);

    /// <summary>
    /// Lets a workspace be the snapshot before its newest one, which is damaged: <c>POST /mags-workspaces/:id/rollback</c>.
    /// One whose newest state is on the server is refused (409).
    /// </summary>
    /// <param name="workspace">Its name.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may do it all the same.</param>
    public Task<ActionResponse> RollBackWorkspaceAsync(string workspace, CancellationToken cancellationToken = default) =>
        _http.PostAsync(
            $"{WorkspacePath(workspace)}/rollback", MagsJsonContext.Default.ActionResponse, cancellationToken);

    /// <summary>
    /// Reads a workspace's disk as it was last sealed: <c>GET /mags-workspaces/:id/export</c>. It is the raw image of an ext4
    /// file system, written in order from its beginning; most of it may be zeros. It takes as long as it takes, also to
    /// begin: one that is in the object store alone is brought to the server first.
    /// </summary>
    /// <param name="workspace">Its name.</param>
    /// <param name="into">Where the disk is written; it stays the caller's. What it throws, this throws.</param>
    /// <param name="progress">Told how far it is; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<WorkspaceDisk> ExportWorkspaceAsync(
        string workspace,
        Stream into,
        IProgress<TransferProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(into);
        using var request = _http.NewRequest(HttpMethod.Get, $"{WorkspacePath(workspace)}/export");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var response = await _http.SendStreamingAsync(
            request, cancellationToken, System.Threading.Timeout.InfiniteTimeSpan);
        var disk = ExportReader.Describe(response, _http);
        await ExportReader.CopyAsync(response, disk, into, progress, _http, cancellationToken);
        return disk;
    }

    /// <summary>
    /// Makes a workspace of the raw image of an ext4 file system: <c>POST /mags-workspaces/:id/import</c>. It is sent packed,
    /// and may take as long as it gets on within <see cref="MagsClientOptions.Timeout"/>. A name that is taken is refused
    /// (409), anything else than such an image too (400).
    /// </summary>
    /// <param name="workspace">Its name.</param>
    /// <param name="disk">The image, read from here on to its end; it stays the caller's.</param>
    /// <param name="options">What it is; null for the server's defaults.</param>
    /// <param name="progress">Told how many bytes of it have been sent; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; the server keeps nothing then, unless it has answered already.</param>
    public Task<WorkspaceResponse> ImportWorkspaceAsync(
        string workspace,
        Stream disk,
        ImportOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        (string Name, string? Value)[] given =
        [
            ("image", options?.Image),
            ("image_digest", options?.ImageDigest),
            ("disk_gb", options?.DiskGb?.ToString(CultureInfo.InvariantCulture)),
        ];
        var query = string.Join(
            '&',
            given.Where(field => field.Value is not null).Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value!)}"));
        return _http.UploadAsync(
            $"{WorkspacePath(workspace)}/import{(query.Length == 0 ? "" : "?")}{query}",
            getsOn => new FileContent(disk, progress, getsOn, isPacked: true),
            MagsJsonContext.Default.WorkspaceResponse,
            cancellationToken);
    }

    /// <summary>Deletes a workspace: <c>DELETE /mags-workspaces/:id</c>. One with active jobs is refused (409).</summary>
    /// <param name="workspace">Its name.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may delete it all the same.</param>
    public Task<ActionResponse> DeleteWorkspaceAsync(string workspace, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(WorkspacePath(workspace), MagsJsonContext.Default.ActionResponse, cancellationToken);

    /// <summary>Whose token this is: <c>GET /mags-whoami</c>.</summary>
    public Task<WhoAmIResponse> WhoAmIAsync(CancellationToken cancellationToken = default) =>
        _http.GetAsync("mags-whoami", MagsJsonContext.Default.WhoAmIResponse, cancellationToken);

    /// <summary>The images that sandboxes can start from: <c>GET /mags-images</c>.</summary>
    public Task<ImageListResponse> ListImagesAsync(CancellationToken cancellationToken = default) =>
        _http.GetAsync("mags-images", MagsJsonContext.Default.ImageListResponse, cancellationToken);

    /// <summary>What the server is and how it does: <c>GET /mags-server</c>.</summary>
    public Task<ServerInfoResponse> GetServerAsync(CancellationToken cancellationToken = default) =>
        _http.GetAsync("mags-server", MagsJsonContext.Default.ServerInfoResponse, cancellationToken);

    /// <summary>Closes the connections that are the client's own.</summary>
    public void Dispose() => _http.Dispose();

    private static MultipartFormDataContent NewForm(FileContent file, string name)
    {
        // Other than as `filename`, any name can be said so.
        file.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data")
        {
            Name = "\"file\"",
            FileNameStar = name,
        };
        return new MultipartFormDataContent { file };
    }

    private static string WorkspacePath(string workspace) => $"mags-workspaces/{Uri.EscapeDataString(workspace)}";

    private static string JobPath(string job) => $"mags-jobs/{Uri.EscapeDataString(job)}";
}
