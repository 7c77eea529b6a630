using Mags.Machines.Sandboxes;
using Mags.Machines.Walls;
using Mags.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>
/// The network of this node's sandboxes, as machines and the status see it: machines are attached to it while its boundary
/// stands, which is made, guarded and repaired behind it.
/// </summary>
internal sealed partial class SandboxNetwork : IAsyncDisposable
{
    private const string Stands =
        "nftables keeps sandboxes from this host, from each other and from private networks; a passt for each leads out.";

    private const string NoNames =
        " They resolve no names: no name server has an address of a version of IP that this host has a default route for.";

    private readonly CancellationTokenSource _stopping = new();
    private readonly MachinePassts _passts;
    private readonly NetworkBoundary _boundary;
    private readonly ILogger _logger;
    private Task _guarding = Task.CompletedTask;

    public SandboxNetwork(
        HomeFolders folders,
        UidRange uids,
        IOptions<NetworkOptions> options,
        IOptions<MachinesOptions> machines,
        TimeProvider time,
        ILogger<SandboxNetwork> logger)
    {
        _logger = logger;
        _passts = new MachinePassts(time, logger);
        _boundary = new NetworkBoundary(folders, uids, options, machines, _passts, time, logger, _stopping.Token)
        {
            Loaded = standing => _guarding = new RuleGuard(_boundary!, time, logger, _stopping.Token).GuardAsync(standing),
        };
    }

    /// <summary>Whether sandboxes get a network, as one of the server's walls.</summary>
    internal Wall Wall => Absence is { } reason
        ? new Wall(WallNames.Egress, Stands: false, $"Sandboxes get no network. {reason}")
        : new Wall(WallNames.Egress, Stands: true, Stands + (Expect() is { NameServers.Count: 0 } ? NoNames : ""));

    /// <summary>Why no sandbox gets a network; null while they do.</summary>
    internal string? Absence => _boundary.Absence;

    /// <summary>The same, but null also while it is about to come back: who asks for one waits for that.</summary>
    internal string? LastingAbsence => _boundary.LastingAbsence;

    /// <summary>The fault of a machine that must have a network and cannot.</summary>
    internal static MachineException Missing(string reason) =>
        new(MachineFault.NoNetwork, $"The sandbox cannot have the network that was asked for. {reason}");

    /// <summary>Has the network stand, unless it does or failed just now. Whether it does is told by <see cref="Absence"/>.</summary>
    internal Task EnsureAsync(CancellationToken cancellationToken) => _boundary.EnsureAsync(cancellationToken);

    /// <summary>What a machine that waits will be told, as far as can be said now; null when there is no network.</summary>
    internal NetworkSettings? Expect() => _boundary.Expect();

    /// <summary>Gives a machine a network: passt is started when its guest uses it.</summary>
    /// <returns>What the guest is to be told; null when there is no network.</returns>
    internal NetworkSettings? Attach(RestoredMachine machine)
    {
        var standing = _boundary.Standing;
        var families = _boundary.Families();
        if (standing is null || families == IpFamilies.None)
        {
            return null;
        }

#pragma warning disable CA2000 // The machine's cleanup owns it.
        var wire = new NetworkWire(machine.Network, end => StartAsync(machine, end, families));
#pragma warning restore CA2000
        machine.Cleanup.Push("end its network", _ => wire.DisposeAsync());
        return GuestAddresses.Settings(families, standing.Rules.Resolvers);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _guarding;
        await _boundary.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task<PasstProcess?> StartAsync(RestoredMachine machine, SafeFileHandle end, IpFamilies families)
    {
        try
        {
            // The rules may have been replaced since its claim, or be about to come back.
            await _boundary.EnsureAsync(_stopping.Token);
            if (_passts.Start(machine, end, families) is { } passt)
            {
                return passt;
            }

            LogNotStarted(machine.Folder.Id, _boundary.Absence);
        }
        catch (Exception e) when (e is MachineException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            LogNotStarted(machine.Folder.Id, e.Message);
        }

        return null;
    }

    [LoggerMessage(LogLevel.Warning, "Machine {MachineId} wants to use its network, and there is none: {Reason}")]
    private partial void LogNotStarted(string machineId, string? reason);
}
