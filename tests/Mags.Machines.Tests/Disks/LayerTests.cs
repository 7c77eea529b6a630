using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Disks;

/// <summary>Disks that start from layers, and layers that stay, with real guests.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class LayerTests(MachineFixture machines) : IAsyncLifetime
{
    private readonly List<Guid> _made = [];
    private LayerFiles _files = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _files = await machines.GetAsync<LayerFiles>();

    public ValueTask DisposeAsync()
    {
        _made.ForEach(_files.Remove);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Machines_EachOnTheLastOnesLayer_SeeOneDisk()
    {
        var chain = new List<Guid> { await EmptyAsync() };
        for (var run = 0; run < 4; run++)
        {
            chain.Add(await RunAsync(chain, $"cat /root/all 2>/dev/null; echo {run} >> /root/all"));
        }

        await using var reader = await AcquireAsync(new MachineDisk([.. chain.Select(_files.PathOf)], null));
        Assert.Equal("0\n1\n2\n3\n", (await MachineFixture.ShellAsync(reader, "cat /root/all", Token)).Output);
    }

    [Fact]
    public async Task Layers_ThatAMachineStartsFrom_AreOpenForReadingAlone()
    {
        var chain = new List<Guid> { await EmptyAsync() };
        chain.Add(await RunAsync(chain, "echo one > /root/file"));
        var before = chain.Select(layer => File.ReadAllBytes(_files.PathOf(layer))).ToList();

        chain.Add(await RunAsync(chain, "echo two > /root/file; rm -rf /var/cache; fstrim / 2>/dev/null; sync"));

        Assert.Equal(before, chain.Take(2).Select(layer => File.ReadAllBytes(_files.PathOf(layer))));
    }

    [Fact]
    public async Task SealDisk_Answering_LeavesAFileSystemThatNeedsNoReplay()
    {
        var chain = new List<Guid> { await EmptyAsync() };
        chain.Add(await RunAsync(chain, "head -c 20M /dev/urandom > /root/file; md5sum /root/file > /root/sum"));

        await using var reader = await AcquireAsync(new MachineDisk([.. chain.Select(_files.PathOf)], null));

        var (code, said) = await MachineFixture.ShellAsync(
            reader, "md5sum -c /root/sum && ! dmesg | grep -i 'ext4.*recover'", Token);
        Assert.True(code == 0, said);
    }

    // What a crash leaves: the guest's journal is replayed.
    [Fact]
    public async Task Machine_EndedWithoutASeal_KeepsWhatItsGuestMadeDurable()
    {
        var chain = new List<Guid> { await EmptyAsync() };
        var layer = NewLayer();
        var machine = await AcquireAsync(new MachineDisk([.. chain.Select(_files.PathOf)], _files.PathOf(layer)));
        _ = await MachineFixture.ShellAsync(machine, "echo durable > /root/file; sync", Token);

        await machine.DisposeAsync();

        chain.Add(layer);
        await using var reader = await AcquireAsync(new MachineDisk([.. chain.Select(_files.PathOf)], null));
        var (_, said) = await MachineFixture.ShellAsync(
            reader, "cat /root/file; dmesg | grep -c 'ext4.*recovery complete' -i", Token);
        Assert.Equal("durable\n1\n", said);
    }

    [Fact]
    public async Task MergeAsync_SeveralLayers_IsOneThatHoldsTheSame()
    {
        var chain = new List<Guid> { await EmptyAsync() };
        chain.Add(await RunAsync(chain, "head -c 8M /dev/urandom > /root/file; cp /root/file /root/gone; md5sum /root/file > /root/sum"));
        chain.Add(await RunAsync(chain, "rm /root/gone; fstrim -v /; echo two > /root/two"));
        chain.Add(await RunAsync(chain, "echo three > /root/two"));
        var before = chain.Select(layer => File.ReadAllBytes(_files.PathOf(layer))).ToList();
        var merged = NewLayer();

        await (await machines.GetAsync<LayerMerger>()).MergeAsync(
            chain[..1], chain[1..], merged, MachineFixture.Request.DiskGb, Token);

        Assert.Equal(before, chain.Select(layer => File.ReadAllBytes(_files.PathOf(layer))));
        await using var reader = await AcquireAsync(new MachineDisk([_files.PathOf(chain[0]), _files.PathOf(merged)], null));
        Assert.Equal(
            "/root/file: OK\nfile\nsum\ntwo\nthree\n",
            (await MachineFixture.ShellAsync(reader, "md5sum -c /root/sum; ls /root; cat /root/two", Token)).Output);
        // The name of a file that another process had is of no use to anybody.
        Assert.DoesNotContain(
            "fdset", await File.ReadAllTextAsync(_files.PathOf(merged), Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MergeAsync_ALayerThatIsGone_LeavesNothing()
    {
        var merged = NewLayer();

        await Assert.ThrowsAsync<MachineException>(async () => await (await machines.GetAsync<LayerMerger>()).MergeAsync(
            [await EmptyAsync()], [Guid.NewGuid(), Guid.NewGuid()], merged, MachineFixture.Request.DiskGb, Token));

        Assert.False(File.Exists(_files.PathOf(merged)));
    }

    [Fact]
    public async Task SealDisk_OfAMachineThatHasEnded_IsFalse()
    {
        var machine = await AcquireAsync(new MachineDisk([_files.PathOf(await EmptyAsync())], _files.PathOf(NewLayer())));
        using var qemu = Mags.Machines.Native.ChildProcess.Attach(machine.Pid);
        qemu.Kill();
        _ = await machine.Ended;

        Assert.False(await machine.SealDiskAsync(Token));

        await machine.DisposeAsync();
    }

    [Fact]
    public async Task Acquire_LayerThatIsGone_IsAnErrorAndLeavesNoLayer()
    {
        var (empty, kept) = (await EmptyAsync(), NewLayer());

        var error = await Assert.ThrowsAsync<MachineException>(
            () => AcquireAsync(new MachineDisk([_files.PathOf(empty), _files.PathOf(Guid.NewGuid())], _files.PathOf(kept))));

        Assert.Equal(MachineFault.NoDisk, error.Reason);
        Assert.False(File.Exists(_files.PathOf(kept)));
    }

    [Fact]
    public void Remove_LayerThatIsNotThere_IsNothing()
    {
        using var root = new TemporaryFolder();
        var home = root.AsHome();
        var files = new LayerFiles(home, new BlankDisks(home));

        files.Remove(Guid.NewGuid());

        Assert.Empty(files.List());
        Assert.Null(files.Flush(Guid.NewGuid()));
    }

    private async Task<Guid> RunAsync(List<Guid> chain, string command)
    {
        var layer = NewLayer();
        await using var machine = await AcquireAsync(
            new MachineDisk([.. chain.Select(_files.PathOf)], _files.PathOf(layer)));
        Assert.Equal(0, (await MachineFixture.ShellAsync(machine, command, Token)).ExitCode);
        Assert.True(await machine.SealDiskAsync(Token));
        return layer;
    }

    private async Task<Guid> EmptyAsync()
    {
        var layer = NewLayer();
        await _files.AddEmptyAsync(layer, MachineFixture.Request.DiskGb, Token);
        return layer;
    }

    private Guid NewLayer()
    {
        _made.Add(Guid.CreateVersion7());
        return _made[^1];
    }

    private Task<MicroVm> AcquireAsync(MachineDisk disk) =>
        machines.AcquireAsync(MachineFixture.Request with { Disk = disk }, Token);
}
