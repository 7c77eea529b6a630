using System.Globalization;
using Mags.Machines.Cgroups;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Walls;

[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class CgroupWallsTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(512, 1536)]
    [InlineData(1024, 2560)]
    public async Task Memory_OfAMachine_IsTwiceItsGuestsAndTheHypervisorsRoom(int guestMib, long mostMib)
    {
        await using var machine = await machines.AcquireAsync(
            MachineFixture.Request with { Size = new MachineSize(1, guestMib) }, Token);

        Assert.Equal($"{mostMib << 20}", ValueIn(machine, CgroupTree.Memory, "memory.max", "memory.limit_in_bytes"));
    }

    [Fact]
    public async Task Memory_OfAMachine_IsNotMovedToTheHostsSwap()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        // What a cgroup may take of memory and swap together is its memory. A kernel that counts no swap has no such file.
        var (folder, unified) = FolderOf(machine, CgroupTree.Memory);
        var (file, most) = unified ? ("memory.swap.max", 0) : ("memory.memsw.limit_in_bytes", 1536L << 20);
        Assert.Equal(
            File.Exists(Path.Combine(Path.GetDirectoryName(folder)!, file)) ? $"{most}" : null,
            File.Exists(Path.Combine(folder, file)) ? ValueIn(machine, CgroupTree.Memory, file, file) : null);
    }

    [Fact]
    public async Task Processor_OfAMachine_IsItsVirtualOnesAndAHalf()
    {
        // Not of one: a machine's weight for that is what the kernel gives any cgroup.
        await using var machine = await machines.AcquireAsync(
            MachineFixture.Request with { Size = MachineFixture.Request.Size with { Vcpus = 2 } }, Token);

        var (_, unified) = FolderOf(machine, CgroupTree.Cpu);
        if (unified)
        {
            Assert.Equal("250000 100000", ValueIn(machine, CgroupTree.Cpu, "cpu.max", ""));
            Assert.Equal("200", ValueIn(machine, CgroupTree.Cpu, "cpu.weight", ""));
        }
        else
        {
            Assert.Equal("250000", ValueIn(machine, CgroupTree.Cpu, "", "cpu.cfs_quota_us"));
            Assert.Equal("100000", ValueIn(machine, CgroupTree.Cpu, "", "cpu.cfs_period_us"));
            Assert.Equal("2048", ValueIn(machine, CgroupTree.Cpu, "", "cpu.shares"));
        }
    }

    [Fact]
    public async Task Processes_OfAMachine_AreLimited()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.Equal("256", ValueIn(machine, CgroupTree.Pids, "pids.max", "pids.max"));
    }

    [Fact]
    public async Task Memory_Exceeded_EndsTheMachineAndSaysSo()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        // What a hypervisor gone astray would do: take more than guest and hypervisor should need. The limit comes down to
        // what is in use rather than the use up to the limit.
        var (folder, unified) = FolderOf(machine, CgroupTree.Memory);
        var used = long.Parse(
            await File.ReadAllTextAsync(Path.Combine(folder, unified ? "memory.current" : "memory.usage_in_bytes"), Token),
            CultureInfo.InvariantCulture);
        CgroupFile.Write(folder, unified ? "memory.max" : "memory.limit_in_bytes", used + (16 << 20));

        var error = await Assert.ThrowsAsync<MachineException>(
            () => MachineFixture.ShellAsync(machine, "head -c 300M /dev/zero | tail -n 1", Token));

        var exit = await machine.Ended.WaitAsync(Token);
        Assert.Equal(
            (MachineExitCause.OutOfMemory, "The sandbox used more memory than the 1536 MiB that its machine may have in all."),
            (exit.Cause, exit.Message));
        Assert.Equal(exit.Message, error.Message);
    }

    [Fact]
    public async Task Memory_FilledByTheGuest_StaysWithinTheLimit()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        // Less than the guest itself would end a process for; the rest of its memory fills as the disk is written.
        var (code, _) = await MachineFixture.ShellAsync(
            machine, "head -c 150M /dev/zero | tail -n 1 | wc -c && dd if=/dev/zero of=/big bs=1M count=600 status=none", Token);

        Assert.Equal(0, code);
        Assert.False(machine.Ended.IsCompleted);
    }

    [Fact]
    public async Task Cgroups_OfAnEndedMachine_AreGone()
    {
        var machine = await machines.AcquireAsync(MachineFixture.Request, Token);
        var folders = CgroupTree.Wanted.Select(controller => FolderOf(machine, controller).Folder).ToList();
        Assert.All(folders, folder => Assert.True(Directory.Exists(folder)));

        await machine.DisposeAsync();

        Assert.All(folders, folder => Assert.False(Directory.Exists(folder)));
    }

    private static string ValueIn(MicroVm machine, string controller, string unifiedFile, string legacyFile)
    {
        var (folder, unified) = FolderOf(machine, controller);
        return File.ReadAllText(Path.Combine(folder, unified ? unifiedFile : legacyFile)).Trim();
    }

    // From the process and not from the product's own records: it has to be in there.
    private static (string Folder, bool Unified) FolderOf(MicroVm machine, string controller)
    {
        var mounts = CgroupMount.Parse(File.ReadLines("/proc/self/mountinfo")).ToList();
        var legacy = mounts.FirstOrDefault(mount => !mount.IsUnified && mount.Controllers.Contains(controller));
        var mount = legacy ?? mounts.Single(mount => mount.IsUnified);
        var (_, path) = new RunningProcess(machine.Pid).Cgroups().Single(
            group => legacy is null ? group.Controllers.Length == 0 : group.Controllers.Split(',').Contains(controller));
        Assert.EndsWith("/" + machine.Id, path, StringComparison.Ordinal);
        return (mount.FolderOf(path), mount.IsUnified);
    }
}
