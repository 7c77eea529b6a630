using Mags.Machines.Cgroups;
using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;
using Mags.Machines.Walls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mags.Machines.Tests.Cgroups;

/// <summary>A server that died leaves cgroups with processes in them; the next one of its home ends and removes them.</summary>
public sealed class CgroupReclaimerTests(MachineFixture machines)
{
    private static readonly MachineLimits _limits = new(64 << 20, 1, 1, 8);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_CgroupWithAProcess_IsEmptiedAndRemoved()
    {
        using var root = new TemporaryFolder();
        var home = root.AsHome();
        var cgroups = NewCgroups(home);
        using var left = cgroups.Create("11", _limits);
        using var process = await StartInAsync(left);

        await new LeftoverReclaimer(home, TimeProvider.System, NullLogger<LeftoverReclaimer>.Instance).RunAsync(Token);

        await process.Exited.WaitAsync(Token);
        Assert.All(left.Folders, folder => Assert.False(Directory.Exists(folder)));
        cgroups.RemoveParents();
        Assert.All(new CgroupRecord(home).Read(), parent => Assert.False(Directory.Exists(parent)));
    }

    [Fact]
    public async Task RunAsync_CgroupOfALivingMachine_Stays()
    {
        using var root = new TemporaryFolder();
        var home = root.AsHome();
        var cgroups = NewCgroups(home);
        using (var living = cgroups.Create("11", _limits))
        using (var process = await StartInAsync(living))
        {
            var reclaimed = await new CgroupReclaimer(new CgroupRecord(home), TimeProvider.System)
                .RunAsync(new HashSet<string> { "11" }, Token);

            Assert.Empty(reclaimed);
            Assert.False(process.Exited.IsCompleted);
            process.Kill();
            await process.Exited.WaitAsync(Token);
        }

        cgroups.RemoveParents();
    }

    [Fact]
    public async Task ExceededMemory_ProcessThatTakesTooMuch_IsItsLimit()
    {
        using var root = new TemporaryFolder();
        var cgroups = NewCgroups(root.AsHome());
        using (var cgroup = cgroups.Create("11", _limits))
        {
            using var hog = await StartInAsync(cgroup, "echo; head -c 200M /dev/zero | tail -n 1");
            await hog.Exited.WaitAsync(Token);

            Assert.Equal(_limits.MemoryBytes, cgroup.ExceededMemory());
        }

        cgroups.RemoveParents();
    }

    private static MachineCgroups NewCgroups(HomeFolders home)
    {
        var cgroups = new MachineCgroups(home, CgroupTree.OfThisHost());
        Assert.Empty(cgroups.Prepare());
        return cgroups;
    }

    private async Task<ChildProcess> StartInAsync(MachineCgroup cgroup, string command = "echo; exec sleep 600")
    {
        var confinement = new Confinement { Launcher = await machines.JailAsync(), Cgroup = cgroup, Processes = 8 };
        await using var said = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.In);
        var files = new FdMap();
        var arguments = confinement.Wrap("/bin/sh", ["-c", command], files);
        var child = ChildProcess.Start(confinement.Launcher, arguments, files, said.ClientSafePipeHandle, null);
        said.DisposeLocalCopyOfClientHandle();
        // Inside by the time it says something.
        await said.ReadExactlyAsync(new byte[1], Token);
        return child;
    }
}
