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
    private TestLayers _layers = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _layers = await TestLayers.MakeAsync(machines);

    public ValueTask DisposeAsync()
    {
        _layers.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Machines_EachOnTheLastOnesLayer_SeeOneDisk()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        for (var run = 0; run < 4; run++)
        {
            chain.Add(await _layers.RunAsync(chain, $"cat /root/all 2>/dev/null; echo {run} >> /root/all"));
        }

        await using var reader = await _layers.AcquireAsync(chain, null);
        Assert.Equal("0\n1\n2\n3\n", (await MachineFixture.ShellAsync(reader, "cat /root/all", Token)).Output);
    }

    [Fact]
    public async Task Layers_ThatAMachineStartsFrom_AreOpenForReadingAlone()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "echo one > /root/file"));
        var before = chain.Select(File.ReadAllBytes).ToList();

        chain.Add(await _layers.RunAsync(chain, "echo two > /root/file; rm -rf /var/cache; fstrim / 2>/dev/null; sync"));

        Assert.Equal(before, chain.Take(2).Select(File.ReadAllBytes));
    }

    [Fact]
    public async Task SealDisk_Answering_LeavesAFileSystemThatNeedsNoReplay()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "head -c 20M /dev/urandom > /root/file; md5sum /root/file > /root/sum"));

        await using var reader = await _layers.AcquireAsync(chain, null);

        var (code, said) = await MachineFixture.ShellAsync(
            reader, "md5sum -c /root/sum && ! dmesg | grep -i 'ext4.*recover'", Token);
        Assert.True(code == 0, said);
    }

    // What a crash leaves: the guest's journal is replayed.
    [Fact]
    public async Task Machine_EndedWithoutASeal_KeepsWhatItsGuestMadeDurable()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        var layer = _layers.New();
        var machine = await _layers.AcquireAsync(chain, layer);
        _ = await MachineFixture.ShellAsync(machine, "echo durable > /root/file; sync", Token);

        await machine.DisposeAsync();

        chain.Add(layer);
        await using var reader = await _layers.AcquireAsync(chain, null);
        var (_, said) = await MachineFixture.ShellAsync(
            reader, "cat /root/file; dmesg | grep -c 'ext4.*recovery complete' -i", Token);
        Assert.Equal("durable\n1\n", said);
    }

    [Fact]
    public async Task MergeAsync_SeveralLayers_IsOneThatHoldsTheSame()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "head -c 8M /dev/urandom > /root/file; cp /root/file /root/gone; md5sum /root/file > /root/sum"));
        chain.Add(await _layers.RunAsync(chain, "rm /root/gone; fstrim -v /; echo two > /root/two"));
        chain.Add(await _layers.RunAsync(chain, "echo three > /root/two"));
        var before = chain.Select(File.ReadAllBytes).ToList();
        var merged = _layers.New();

        await (await machines.GetAsync<LayerMerger>()).MergeAsync(
            [IdOf(chain[0])], [.. chain[1..].Select(IdOf)], IdOf(merged), MachineFixture.Request.DiskGb, Token);

        Assert.Equal(before, chain.Select(File.ReadAllBytes));
        await using var reader = await _layers.AcquireAsync([chain[0], merged], null);
        Assert.Equal(
            "/root/file: OK\nfile\nsum\ntwo\nthree\n",
            (await MachineFixture.ShellAsync(reader, "md5sum -c /root/sum; ls /root; cat /root/two", Token)).Output);
        // The name of a file that another process had is of no use to anybody.
        Assert.DoesNotContain(
            "fdset", await File.ReadAllTextAsync(merged, Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MergeAsync_ALayerThatIsGone_LeavesNothing()
    {
        var merged = _layers.New();

        await Assert.ThrowsAsync<MachineException>(async () => await (await machines.GetAsync<LayerMerger>()).MergeAsync(
            [IdOf(await _layers.EmptyAsync())], [Guid.NewGuid(), Guid.NewGuid()], IdOf(merged), MachineFixture.Request.DiskGb, Token));

        Assert.False(File.Exists(merged));
    }

    [Fact]
    public async Task SealDisk_OfAMachineThatHasEnded_IsFalse()
    {
        var machine = await _layers.AcquireAsync([await _layers.EmptyAsync()], _layers.New());
        using var qemu = Mags.Machines.Native.ChildProcess.Attach(machine.Pid);
        qemu.Kill();
        _ = await machine.Ended;

        Assert.False(await machine.SealDiskAsync(Token));

        await machine.DisposeAsync();
    }

    [Fact]
    public async Task Acquire_LayerThatIsGone_IsAnErrorAndLeavesNoLayer()
    {
        var (empty, kept) = (await _layers.EmptyAsync(), _layers.New());

        var error = await Assert.ThrowsAsync<MachineException>(
            () => _layers.AcquireAsync([empty, _layers.New()], kept));

        Assert.Equal(MachineFault.NoDisk, error.Reason);
        Assert.False(File.Exists(kept));
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

    private static Guid IdOf(string path) => Guid.ParseExact(Path.GetFileNameWithoutExtension(path), "N");
}
