using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mags.Machines.Disks;
using Mags.Machines.Nbd;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Qemu;

/// <summary>Has a QEMU give the content of layers by its own NBD server, to this process alone.</summary>
internal static class LayerExport
{
    private const string Socket = "nbd";
    private const string Export = "layers";

    /// <summary>Exports layers and connects.</summary>
    /// <param name="machine">A machine whose guest does not run.</param>
    /// <param name="layers">The layers, the lowest first.</param>
    /// <param name="top">A new layer above them that takes what is written; null to read only.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up; the process is of no use then.</param>
    /// <exception cref="MachineException">It could not be done.</exception>
    internal static async Task<NbdClient> StartAsync(
        RestoredMachine machine,
        IReadOnlyList<LayerFile> layers,
        LayerFile? top,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var nodes = new DiskNodes(machine.Qemu.Monitor, cancellationToken);
        var node = nodes.AddBelow(layers, null, 0)[^1];
        if (top is not null)
        {
            var own = new LayerNode(top.Path, layers.Count, IsWritable: true);
            // QEMU need not flush it: whoever keeps the file does, which may take longer than an answer of QEMU's.
            nodes.AddOwn(own, top.Handle, node, isKept: false);
            node = own;
        }

        // A listening socket that is passed on needs no right to any path, as those of the monitor and the agent.
        using (var listener = machine.Folder.Sockets.Listen(Socket))
        {
            nodes.Tell("getfd", new JsonObject { ["fdname"] = Socket }, listener);
            nodes.Tell("nbd-server-start", new JsonObject
            {
                ["addr"] = new JsonObject { ["type"] = "fd", ["data"] = new JsonObject { ["str"] = Socket } },
                ["max-connections"] = 1,
            });
            nodes.Tell("block-export-add", new JsonObject
            {
                ["type"] = "nbd",
                ["id"] = Export,
                ["name"] = Export,
                ["node-name"] = node.Name,
                ["writable"] = top is not null,
                ["allocation-depth"] = true,
            });
            await nodes.DoneAsync();
        }

        return await ConnectAsync(machine.Folder, time, cancellationToken);
    }

#pragma warning disable CA2000 // The client takes the stream over, and closes it when it cannot be made.
    private static async Task<NbdClient> ConnectAsync(
        MachineFolder folder, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await folder.Sockets.ConnectAsync(Socket, cancellationToken);
            return await NbdClient.ConnectAsync(stream, Export, time, cancellationToken);
        }
        catch (SocketException e)
        {
            throw new MachineException(MachineFault.Hypervisor, "The QEMU that reads layers has ended.", e);
        }
    }
#pragma warning restore CA2000
}
