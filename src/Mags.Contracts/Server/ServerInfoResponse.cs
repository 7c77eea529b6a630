using Mags.Contracts.Images;

namespace Mags.Contracts.Server;

/// <summary>Answer of <c>GET /mags-server</c>: what <c>mags server status</c> shows of a running server.</summary>
public sealed record ServerInfoResponse
{
    /// <summary>Version of the server.</summary>
    public required string Version { get; init; }

    /// <summary>Process id.</summary>
    public required int Pid { get; init; }

    /// <summary>Folder that holds everything the server writes.</summary>
    public required string Home { get; init; }

    /// <summary><c>starting</c> (images or templates are being made), <c>ready</c>, or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>What the server is doing while it starts, or why it can run no machine; absent when ready.</summary>
    public string? StateReason { get; init; }

    /// <summary><c>kvm</c> or <c>tcg</c>; absent until it is known.</summary>
    public string? Accelerator { get; init; }

    /// <summary>Why that accelerator: the probe's result, or who chose it.</summary>
    public string? AcceleratorReason { get; init; }

    /// <summary>The machines there are; absent in servers before this was told.</summary>
    public PoolStatusResponse? Pool { get; init; }

    /// <summary>The walls around sandboxes; absent until they are known.</summary>
    public IReadOnlyList<WallResponse>? Walls { get; init; }

    /// <summary>Where persistent workspaces and uploads are kept; absent in servers before this was told.</summary>
    public ObjectStoreResponse? ObjectStore { get; init; }

    /// <summary>The images there are.</summary>
    public required IReadOnlyList<ImageResponse> Images { get; init; }
}
