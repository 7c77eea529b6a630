using Mags.Contracts.Images;
using Mags.Contracts.Server;

namespace Mags.Cli.Servers;

/// <summary>What <c>mags server status --json</c> prints. A field without a value is left out.</summary>
internal sealed record ServerStatus
{
    /// <summary>Whether a server holds <see cref="Home"/>.</summary>
    public required bool Running { get; init; }

    public string? Url { get; init; }

    public int? Pid { get; init; }

    public string? Version { get; init; }

    /// <summary>The local server's folder.</summary>
    public required string Home { get; init; }

    /// <summary><c>starting</c>, <c>ready</c>, <c>failed</c>, or <c>unreachable</c>: it does not answer.</summary>
    public string? State { get; init; }

    public string? StateReason { get; init; }

    public string? Accelerator { get; init; }

    public string? AcceleratorReason { get; init; }

    public PoolStatusResponse? Pool { get; init; }

    public IReadOnlyList<WallResponse>? Walls { get; init; }

    public ObjectStoreResponse? ObjectStore { get; init; }

    public IReadOnlyList<ImageResponse>? Images { get; init; }
}
