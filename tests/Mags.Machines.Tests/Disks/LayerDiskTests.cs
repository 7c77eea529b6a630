using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Disks;

/// <summary>The host reads and writes layers that real guests made and use.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class LayerDiskTests(MachineFixture machines) : IAsyncLifetime
{
    private const int Piece = 1 << 20;

    // The guest's file system is reached by the device: what is mounted above it cannot be trimmed.
    private const string Trim = "mkdir -p /run/disk && mount /dev/vdb /run/disk && fstrim /run/disk && umount /run/disk";

    private TestLayers _layers = null!;
    private LayerDisks _disks = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _layers = await TestLayers.MakeAsync(machines);
        _disks = await machines.GetAsync<LayerDisks>();
    }

    public ValueTask DisposeAsync()
    {
        _layers.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task ReadAsync_OfLayersThatAGuestWrote_GivesWhatItWrote()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "yes MAGS-MARK-OF-16B | head -c 4M > /root/file"));
        await using var disk = await OpenAsync(chain);
        var extents = await ListAsync(disk, 0);

        var marks = 0;
        foreach (var extent in extents.Where(extent => !extent.IsZero))
        {
            var data = new byte[extent.Length];
            await disk.ReadAsync(extent.Offset, data, Token);
            marks += Count(data, "MAGS-MARK-OF-16B\n"u8);
        }

        Assert.Equal(2L << 30, disk.SizeBytes);
        // Of the blocks' borders some are cut.
        Assert.InRange(marks, ((4 << 20) / 17) - 100, (4 << 20) / 17);
    }

    [Fact]
    public async Task ListAsync_AboveALayer_IsWhatWasWrittenSince()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "head -c 64M /dev/urandom > /root/file"));
        chain.Add(await _layers.RunAsync(chain, "echo more > /root/other"));
        await using var disk = await OpenAsync(chain);

        var all = await ListAsync(disk, -1);
        var (aboveBlank, aboveFirst) = (await ListAsync(disk, 0), await ListAsync(disk, 1));

        Assert.InRange(Data(aboveBlank), 64 << 20, 80 << 20);
        Assert.InRange(Data(aboveFirst), 1, 8 << 20);
        Assert.True(Data(all) > Data(aboveBlank));
        Assert.Empty(await ListAsync(disk, 2));
        foreach (var list in (List<LayerExtent>[])[all, aboveBlank, aboveFirst])
        {
            Assert.All(list.Zip(list.Skip(1)), pair => Assert.True(
                pair.First.Offset + pair.First.Length < pair.Second.Offset
                || (pair.First.Offset + pair.First.Length == pair.Second.Offset && pair.First.IsZero != pair.Second.IsZero)));
        }
    }

    [Fact]
    public async Task ListAsync_OfWhatWasRemovedAndTrimmed_IsZeroRatherThanAbsent()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "head -c 64M /dev/urandom > /root/file"));
        chain.Add(await _layers.RunAsync(chain, $"rm /root/file && sync && {Trim}"));
        await using var disk = await OpenAsync(chain);

        var above = await ListAsync(disk, 1);

        Assert.True(above.Where(extent => extent.IsZero).Sum(extent => extent.Length) >= 64 << 20);
        Assert.InRange(Data(above), 0, 8 << 20);
    }

    [Fact]
    public async Task ListAsync_OfWhatWasRemoved_IsZeroWithoutATrim()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "head -c 64M /dev/urandom > /root/file"));
        chain.Add(await _layers.RunAsync(chain, "rm /root/file"));
        await using var disk = await OpenAsync(chain);

        var above = await ListAsync(disk, 1);

        // But for the clusters at the borders.
        Assert.True(above.Where(extent => extent.IsZero).Sum(extent => extent.Length) >= 60 << 20);
        Assert.InRange(Data(above), 0, 8 << 20);
    }

    [Fact]
    public async Task WriteAsync_AllThatAChainHolds_MakesALayerThatAGuestSeesTheSameIn()
    {
        var chain = new List<string> { await _layers.EmptyAsync() };
        chain.Add(await _layers.RunAsync(chain, "head -c 24M /dev/urandom > /root/a; cp /root/a /root/gone; sha256sum /root/a > /root/sums"));
        chain.Add(await _layers.RunAsync(chain, $"rm /root/gone; sync; {Trim}; cp -r /usr/share/doc /root/doc; find /root/doc -type f | xargs sha256sum >> /root/sums"));
        var (blank, restored) = (await _layers.EmptyAsync(), _layers.New());

        await using (var from = await OpenAsync(chain))
        await using (var to = await _disks.OpenAsync([blank], restored, MachineFixture.Request.DiskGb, Token))
        {
            await CopyAsync(from, to);
            await to.FinishAsync(Token);
        }

        Assert.True(new FileInfo(restored).Length < 100 << 20);
        const string check = "sha256sum -c --quiet /root/sums && ls -a /root && wc -l < /root/sums && dmesg | grep -ic 'ext4.*recovery complete'";
        var expected = await _layers.ReadAsync(chain, check);
        Assert.Contains("sums", expected, StringComparison.Ordinal);
        Assert.Equal(expected, await _layers.ReadAsync([blank, restored], check));
    }

    [Fact]
    public async Task DisposeAsync_Unfinished_LeavesNoLayer()
    {
        var (blank, made) = (await _layers.EmptyAsync(), _layers.New());
        var disk = await _disks.OpenAsync([blank], made, MachineFixture.Request.DiskGb, Token);
        await disk.WriteAsync(0, new byte[] { 1 }, Token);
        Assert.True(File.Exists(made));

        await disk.DisposeAsync();

        Assert.False(File.Exists(made));
    }

    [Fact]
    public async Task OpenAsync_ALayerThatIsGone_IsAnErrorAndMakesNothing()
    {
        var made = _layers.New();

        var error = await Assert.ThrowsAsync<MachineException>(() => _disks.OpenAsync(
            [_layers.New()], made, MachineFixture.Request.DiskGb, Token));

        Assert.Equal(MachineFault.NoDisk, error.Reason);
        Assert.False(File.Exists(made));
    }

    [Fact]
    public async Task OpenAsync_AFileThatIsNoLayer_IsAnError()
    {
        var path = _layers.New();
        await File.WriteAllBytesAsync(path, new byte[1 << 20], Token);

        await Assert.ThrowsAsync<MachineException>(() => OpenAsync([path]));
    }

    [Fact]
    public async Task WriteAsync_OfLayersThatAreOpenForReading_IsRefused()
    {
        await using var disk = await OpenAsync([await _layers.EmptyAsync()]);

        await Assert.ThrowsAsync<InvalidOperationException>(() => disk.WriteAsync(0, new byte[1], Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => disk.ZeroAsync(0, 1, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => disk.ReadAsync(disk.SizeBytes, new byte[1], Token));
    }

    [Fact]
    public async Task ReadAsync_WhenQemuDies_IsAnError()
    {
        await using var disk = await OpenAsync([await _layers.EmptyAsync()]);
        var buffer = new byte[64 * Piece];
        using (var qemu = ChildProcess.Attach(disk.Pid))
        {
            var reading = disk.ReadAsync(0, buffer, Token);
            qemu.Kill();
            try
            {
                await reading;
            }
            catch (MachineException)
            {
                // It was faster, or it was not.
            }

            _ = await qemu.Exited;
        }

        await Assert.ThrowsAsync<MachineException>(() => disk.ReadAsync(0, buffer, Token));
        await Assert.ThrowsAsync<MachineException>(async () => await ListAsync(disk, -1));
    }

    // Several at once, as whoever sends and fetches layers does.
    private static async Task CopyAsync(LayerDisk from, LayerDisk to)
    {
        // What the blank has and the source has nowhere.
        foreach (var extent in await ListAsync(to, -1))
        {
            await to.ZeroAsync(extent.Offset, extent.Length, Token);
        }

        var extents = await ListAsync(from, -1);
        foreach (var extent in extents.Where(extent => extent.IsZero))
        {
            await to.ZeroAsync(extent.Offset, extent.Length, Token);
        }

        await Parallel.ForEachAsync(
            PiecesOf(extents.Where(extent => !extent.IsZero)),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token },
            async (piece, token) =>
            {
                var data = new byte[piece.Length];
                await from.ReadAsync(piece.Offset, data, token);
                await to.WriteAsync(piece.Offset, data, token);
            });
    }

    private static IEnumerable<(long Offset, int Length)> PiecesOf(IEnumerable<LayerExtent> extents)
    {
        foreach (var extent in extents)
        {
            for (long done = 0; done < extent.Length; done += Piece)
            {
                yield return (extent.Offset + done, (int)Math.Min(Piece, extent.Length - done));
            }
        }
    }

    private static int Count(ReadOnlySpan<byte> data, ReadOnlySpan<byte> mark)
    {
        var count = 0;
        while (data.IndexOf(mark) is >= 0 and var at)
        {
            data = data[(at + mark.Length)..];
            count++;
        }

        return count;
    }

    private static long Data(List<LayerExtent> extents) => extents.Where(extent => !extent.IsZero).Sum(extent => extent.Length);

    private static async Task<List<LayerExtent>> ListAsync(LayerDisk disk, int above)
    {
        var extents = new List<LayerExtent>();
        await foreach (var extent in disk.ListAsync(above, Token))
        {
            extents.Add(extent);
        }

        return extents;
    }

    private Task<LayerDisk> OpenAsync(IReadOnlyList<string> layers) =>
        _disks.OpenAsync(layers, null, MachineFixture.Request.DiskGb, Token);
}
