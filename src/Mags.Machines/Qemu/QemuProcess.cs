using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mags.Machines.Agent;
using Mags.Machines.Disks;
using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Walls;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Qemu;

/// <summary>
/// A running QEMU with its monitor. Its sockets are listening ones in the machine's folder, made here and passed on, so
/// that dialling them succeeds before QEMU has come up and nothing waits or tries again.
/// </summary>
internal sealed class QemuProcess : IAsyncDisposable
{
    /// <summary>Reason of a <see cref="Shutdown"/> because the host's disk is full.</summary>
    internal const string NoRoom = "host-disk-full";

    private const string MonitorSocket = "qmp";
    private const string AgentSocket = "agent";

    private readonly MachineFolder _folder;
    private readonly ChildProcess _child;
    private readonly Confinement _confinement;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource<string> _shutdown = NewSource<string>();
    private TaskCompletionSource<string>? _migration;
    private TaskCompletionSource<string?>? _blockJob;
    private QmpClient? _monitor;
    private string _diskNode = QemuCommandLine.DiskNode;
    private long _diskBytes;
    private bool _hasOldDisk;

    private QemuProcess(MachineFolder folder, ChildProcess child, Confinement confinement, TimeProvider time)
    {
        _folder = folder;
        _child = child;
        _confinement = confinement;
        _time = time;
    }

    /// <summary>The reason QEMU gives when the guest shuts down or restarts (QMP's ShutdownCause); never faults.</summary>
    internal Task<string> Shutdown => _shutdown.Task;

    /// <summary>Completes when the process has ended.</summary>
    internal Task<ProcessExit> Exited => _child.Exited;

    internal int Pid => _child.Pid;

    /// <summary>What it runs behind; other processes of its machine do too.</summary>
    internal Confinement Confinement => _confinement;

    /// <summary>The memory in bytes that the machine has exceeded and was ended for; null when it was not.</summary>
    internal long? ExceededMemory => _confinement.Cgroup?.ExceededMemory();

    /// <summary>The writable disk that it got in the place of its first one; null while it has that.</summary>
    internal LiveDisk? Disk { get; private set; }

    internal QmpClient Monitor => _monitor ?? throw new InvalidOperationException("The monitor is not connected.");

    /// <summary>Starts QEMU; <see cref="ConnectMonitorAsync"/> has to follow.</summary>
    internal static QemuProcess Start(
        string program, MachineFolder folder, QemuSetup setup, Confinement confinement, TimeProvider time)
    {
        // The listeners are closed here once QEMU has them: when it ends, dialling fails instead of hanging.
        using var monitor = folder.Sockets.Listen(MonitorSocket);
        using var agent = folder.Sockets.Listen(AgentSocket);
        using var error = File.OpenHandle(folder.ErrorPath, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        var line = new QemuCommandLine(setup, monitor, agent);
        var arguments = confinement.Wrap(program, line.Arguments, line.Files);
        var child = ChildProcess.Start(confinement.Launcher, arguments, line.Files, null, error);
        return new QemuProcess(folder, child, confinement, time);
    }

    /// <summary>Connects the monitor and waits until QEMU is up.</summary>
    internal async Task ConnectMonitorAsync(CancellationToken cancellationToken)
    {
        _monitor = new QmpClient(
            await _folder.Sockets.ConnectAsync(MonitorSocket, cancellationToken), OnEvent, _time);
        try
        {
            await _monitor.StartAsync(cancellationToken);
        }
        catch (MachineException e)
        {
            var exit = await _child.Exited.WaitAsync(QmpClient.CommandTimeout, _time, cancellationToken);
            throw new MachineException(
                MachineFault.Hypervisor, $"QEMU {exit} at its start: {_folder.LastError()}", e);
        }
    }

    /// <summary>Opens the byte stream to the guest's agent.</summary>
    internal Task<NetworkStream> ConnectAgentAsync(CancellationToken cancellationToken) =>
        _folder.Sockets.ConnectAsync(AgentSocket, cancellationToken);

    /// <summary>Stops the guest and writes its state, without the memory, to a file.</summary>
    internal async Task SaveStateAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        await MigrateAsync("migrate", file, cancellationToken);
    }

    /// <summary>Loads a state; the guest stays stopped.</summary>
    internal Task LoadStateAsync(SafeFileHandle file, CancellationToken cancellationToken) =>
        MigrateAsync("migrate-incoming", file, cancellationToken);

    /// <summary>
    /// Lets the guest run, and tells its driver first what size the writable disk has, unless it was told before: it
    /// knows the template's. What an exchange of the disk has left goes while the guest already runs.
    /// </summary>
    internal async Task ContinueAsync(long diskBytes, CancellationToken cancellationToken)
    {
        var resized = Task.CompletedTask;
        if (diskBytes != _diskBytes)
        {
            var size = new JsonObject { ["node-name"] = _diskNode, ["size"] = diskBytes };
            resized = Monitor.ExecuteAsync("block_resize", size, cancellationToken);
            _diskBytes = diskBytes;
        }

        var running = Monitor.ExecuteAsync("cont", null, cancellationToken);
        var removed = _hasOldDisk ? DiskExchange.RemoveOldAsync(Monitor, cancellationToken) : Task.CompletedTask;
        _hasOldDisk = false;
        await Task.WhenAll(resized, running, removed);
    }

    /// <summary>Stops the guest where it is; it takes no processor time until it is let run again.</summary>
    internal Task StopAsync(CancellationToken cancellationToken) =>
        Monitor.ExecuteAsync("stop", null, cancellationToken);

    /// <summary>Has it stand back behind machines that somebody waits for, or no longer.</summary>
    internal void SetBackground(bool background) => _confinement.Cgroup?.SetBackground(background);

    /// <summary>Puts another writable disk in the place of the one there is. The guest must be stopped.</summary>
    internal async Task ChangeDiskAsync(WritableDisk disk, CancellationToken cancellationToken)
    {
        var chain = await DiskExchange.RunAsync(Monitor, disk, cancellationToken);
        Disk = new LiveDisk(Monitor, disk, chain);
        (_diskNode, _hasOldDisk) = (DiskExchange.NewNode, true);
    }

    /// <summary>
    /// Copies what a disk has in the layers above <paramref name="base"/> into its own one, beside whatever else the
    /// process does.
    /// </summary>
    /// <param name="disk">The disk; not the machine's own.</param>
    /// <param name="base">The level of the layer that is not copied, nor what lies below it.</param>
    /// <param name="bytesPerSecond">How fast at most.</param>
    /// <param name="cancellationToken">Gives up; the process is of no use then.</param>
    /// <exception cref="MachineException">It could not be copied.</exception>
    internal async Task CopyUpAsync(
        WritableDisk disk, int @base, long bytesPerSecond, CancellationToken cancellationToken)
    {
        var ended = NewSource<string?>();
        _blockJob = ended;
        var nodes = new DiskNodes(Monitor, cancellationToken);
        var chain = nodes.Add(disk);
        nodes.Tell("block-stream", new JsonObject
        {
            ["job-id"] = "copy-up",
            ["device"] = chain.Own.Name,
            ["base-node"] = chain.Below[@base].Name,
            // Else the header would name a file that only this process has.
            ["backing-file"] = "",
            ["speed"] = bytesPerSecond,
        });
        await nodes.DoneAsync();
        var first = await Task.WhenAny(ended.Task, Exited).WaitAsync(cancellationToken);
        if (first != ended.Task || await ended.Task is { })
        {
            throw new MachineException(
                MachineFault.Hypervisor,
                $"QEMU could not copy layers: {(ended.Task.IsCompleted ? await ended.Task : _folder.LastError())}");
        }

        // Its tables are in QEMU's memory still, and a fault as it quits would not be told: so they are written now, as a
        // layer that is not to be written any more.
        var sealedNode = DiskNodes.OwnNode(chain.Own, chain.Below[@base], disk.IsKept);
        sealedNode["read-only"] = true;
        _ = await Monitor.ExecuteAsync(
            "blockdev-reopen", new JsonObject { ["options"] = new JsonArray(sealedNode) }, cancellationToken);
    }

    /// <summary>What the guest wrote last to its console; empty when QEMU cannot tell.</summary>
    internal async Task<string> ReadConsoleAsync(CancellationToken cancellationToken)
    {
        try
        {
            var arguments = new JsonObject { ["device"] = QemuCommandLine.Console, ["size"] = 4096 };
            return (await Monitor.ExecuteAsync("ringbuf-read", arguments, cancellationToken)).GetString() ?? "";
        }
        catch (MachineException)
        {
            return "";
        }
    }

    /// <summary>Asks QEMU to end and waits for it; what it writes is complete then.</summary>
    /// <exception cref="MachineException">It ended otherwise.</exception>
    internal async Task QuitAsync(CancellationToken cancellationToken)
    {
        _ = await Monitor.ExecuteAsync("quit", null, cancellationToken);
        var exit = await Exited.WaitAsync(QmpClient.CommandTimeout, _time, cancellationToken);
        if (!exit.Success)
        {
            throw new MachineException(MachineFault.Hypervisor, $"QEMU {exit} as it was to quit: {_folder.LastError()}");
        }
    }

    /// <summary>Kills the process without waiting.</summary>
    internal void Kill() => _child.Kill();

    /// <summary>Kills the process and returns when it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        _child.Kill();
        _ = await _child.Exited;
        if (_monitor is not null)
        {
            await _monitor.DisposeAsync();
        }

        _child.Dispose();
    }

    private static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The commands go out together; QEMU runs them in order.
    private async Task MigrateAsync(string command, SafeFileHandle file, CancellationToken cancellationToken)
    {
        var ended = NewSource<string>();
        _migration = ended;
        var capabilities = new JsonArray(
            Capability("x-ignore-shared"),
            Capability("events"));
        await Task.WhenAll(
            Monitor.ExecuteAsync(
                "migrate-set-capabilities", new JsonObject { ["capabilities"] = capabilities }, cancellationToken),
            Monitor.ExecuteAsync("getfd", new JsonObject { ["fdname"] = "m" }, file, cancellationToken),
            Monitor.ExecuteAsync(command, new JsonObject { ["uri"] = "fd:m" }, cancellationToken));

        // Ends also when the process does, which happens when a state does not fit.
        var first = await Task.WhenAny(ended.Task, Exited)
            .WaitAsync(QmpClient.CommandTimeout, _time, cancellationToken);
        if (first != ended.Task || await ended.Task != "completed")
        {
            throw new MachineException(MachineFault.Hypervisor, $"QEMU's {command} failed: {_folder.LastError()}");
        }

        static JsonNode Capability(string name) => new JsonObject { ["capability"] = name, ["state"] = true };
    }

    private void OnEvent(QmpEvent received)
    {
        if (received is { Name: "MIGRATION" } && received.Text("status") is "completed" or "failed")
        {
            _ = _migration?.TrySetResult(received.Text("status")!);
        }
        else if (received is { Name: "BLOCK_JOB_COMPLETED" })
        {
            _ = _blockJob?.TrySetResult(received.Text("error") is { } error ? GuestWord.Text(error) : null);
        }
        else if (received is { Name: "SHUTDOWN" })
        {
            _ = _shutdown.TrySetResult(received.Text("reason") ?? "unknown");
        }
        else if (received is { Name: "BLOCK_IO_ERROR" } && received.Text("action") == "stop")
        {
            // The one error that QEMU stops a guest for; without a word it would stand still until its job's limit.
            _ = _shutdown.TrySetResult(NoRoom);
        }
    }
}
