using Mags.Machines.Agent;
using Mags.Machines.Disks;
using Mags.Machines.Network;
using Mags.Protocol;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Sandboxes;

/// <summary>Turns a restored clone into a sandbox, or goes that way ahead of its claim.</summary>
internal sealed class MachineClaimer(
    BlankDisks blanks, SandboxNetwork network, TimeProvider time, ILogger<MachineClaimer> logger)
{
    // The first run of anything in a process of QEMU takes five times as long as its second, for QEMU translates the code
    // then. More than three gain nothing that can be measured. Odd, so that the last one ends with a network.
    private const int Rehearsals = 3;

    // Looks like nothing a user would have; it is replaced at the claim.
    private const string WaitingName = "mags-waiting";

    /// <summary>
    /// Goes a claim's way, runs a shell and stops the machine again. Translations of guest code live in QEMU's process
    /// alone and are in no template: only a machine that has run has them.
    /// </summary>
    /// <param name="machine">A cold machine.</param>
    /// <param name="mounted">Whether its disk stays mounted, for a sandbox that wants just that disk.</param>
    /// <param name="cancellationToken">Gives up; the machine is of no use then.</param>
    internal async Task PrepareAsync(RestoredMachine machine, bool mounted, CancellationToken cancellationToken)
    {
        machine.Qemu.SetBackground(true);
        var running = machine.Qemu.ContinueAsync(machine.Disk.SizeBytes, cancellationToken);
        var channel = await ConnectAsync(machine, running, new StepClock(time), cancellationToken);
        for (var run = 0; run < Rehearsals; run++)
        {
            using var call = GuestCall.Open(channel);
            var prepare = new PrepareRequest
            {
                Claim = Identity($"{WaitingName}-{run}", machine.Disk),
                Scratch = !mounted,
            };
            // Most sandboxes have one, so that is what it waits with; the way to none is gone in between.
            prepare.Claim.Network = run % 2 == 0 ? network.Expect() : null;
            _ = await call.IdentifyAsync(new ExecInput { Prepare = prepare }, cancellationToken);
            await RehearseAsync(channel, call, cancellationToken);
            if (!mounted)
            {
                _ = await channel.Client.EndRehearsalAsync(new EndRehearsalRequest(), cancellationToken: cancellationToken);
            }
        }

        machine.Call = await GuestCall.OpenAheadAsync(channel, cancellationToken);
        await machine.Qemu.StopAsync(cancellationToken);
        machine.Qemu.SetBackground(false);
        machine.Readiness = mounted ? Readiness.Mounted : Readiness.Rehearsed;
    }

    /// <summary>Makes the machine a sandbox, which owns it from then on.</summary>
    internal async Task<MicroVm> ClaimAsync(
        RestoredMachine machine, MachineRequest request, StepClock steps, CancellationToken cancellationToken)
    {
        var disk = await blanks.EnsureAsync(request.DiskGb, cancellationToken);
        var claimedOnce = false;
        if (request.Disk is { KeepAt: { } kept })
        {
            // Nobody has written to it yet, and the next attempt makes its own.
            machine.Cleanup.Push("remove the layer of a failed claim", () => RemoveUnless(claimedOnce, kept));
        }

        if (request.Disk is not null || disk != machine.Disk)
        {
            await MachineRestorer.ChangeDiskAsync(machine, request.Disk, disk, cancellationToken);
            steps.Mark("disk");
        }

        var settings = await AttachAsync(machine, request.Network, cancellationToken);
        var claimed = await ClaimAsync(machine, request.HostName, disk, settings, steps, cancellationToken);
        claimedOnce = true;
        steps.AddParts(claimed.Steps.Select(s => new MachineStep(s.Name, TimeSpan.FromMicroseconds(s.Micros))));
        return new MicroVm(
            machine.Folder,
            machine.Qemu,
            machine.Channel!,
            machine.Call!,
            machine.Template,
            steps.Steps,
            machine.Cleanup,
            time,
            logger);
    }

    private static void RemoveUnless(bool claimed, string layer)
    {
        if (!claimed)
        {
            File.Delete(layer);
        }
    }

    private async Task<ClaimReply> ClaimAsync(
        RestoredMachine machine,
        string hostName,
        BlankDisk disk,
        NetworkSettings? settings,
        StepClock steps,
        CancellationToken cancellationToken)
    {
        var running = machine.Qemu.ContinueAsync(disk.SizeBytes, cancellationToken);
        machine.Call ??= GuestCall.Open(await ConnectAsync(machine, running, steps, cancellationToken));
        var claim = Identity(hostName, disk);
        claim.Network = settings;
        // It waits in the channel for a machine that is just being continued.
        var claiming = machine.Call.IdentifyAsync(new ExecInput { Claim = claim }, cancellationToken);
        await Task.WhenAll(running, claiming);
        steps.Mark("claim");
        return await claiming;
    }

    private async Task<NetworkSettings?> AttachAsync(
        RestoredMachine machine, NetworkWish wish, CancellationToken cancellationToken)
    {
        if (wish != NetworkWish.None)
        {
            await network.EnsureAsync(cancellationToken);
            if (network.Attach(machine) is { } settings)
            {
                return settings;
            }

            if (wish == NetworkWish.Required)
            {
                throw SandboxNetwork.Missing(network.Absence ?? NetworkGround.NoRoute);
            }
        }

        // The guest's wire ends nowhere.
        machine.Network.Dispose();
        return null;
    }

    private async Task<AgentChannel> ConnectAsync(
        RestoredMachine machine, Task running, StepClock steps, CancellationToken cancellationToken)
    {
        await running;
        steps.Mark("cont");
        var channel = new AgentChannel(machine.Qemu.ConnectAgentAsync, time);
        machine.Cleanup.Push("close agent channel", _ => channel.DisposeAsync());
        machine.Channel = channel;
        await channel.ConnectAsync(cancellationToken);
        steps.Mark("connect");
        return channel;
    }

    private async Task RehearseAsync(AgentChannel channel, GuestCall call, CancellationToken cancellationToken)
    {
        var spec = new ProcessSpec { Arguments = ["/bin/sh"], Script = "echo ready; echo ready >&2"u8.ToArray() };
        await using var process = new GuestProcess(channel, spec, time, cancellationToken) { Opened = call.Take() };
        while (await process.NextAsync() is { } said)
        {
            if (said is ProcessExited { ExitCode: not 0 } exited)
            {
                throw new MachineException(
                    MachineFault.Agent, $"A shell in a waiting machine exited with code {exited.ExitCode}.");
            }
        }
    }

    private ClaimRequest Identity(string hostName, BlankDisk disk)
    {
        var identity = ClaimIdentity.Create();
        return new ClaimRequest
        {
            Entropy = identity.Entropy,
            BootId = identity.BootId,
            HostName = hostName,
            DiskBytes = (ulong)disk.SizeBytes,
            // Last, so that it is as fresh as can be.
            UnixTimeNs = GuestClock.Now(time),
        };
    }
}
