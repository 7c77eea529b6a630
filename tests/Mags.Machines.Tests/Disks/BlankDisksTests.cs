using Mags.Machines.Disks;
using Mags.Machines.Native;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Disks;

public sealed class BlankDisksTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnsureAsync_Missing_MakesAFormattedBlankAndALayerOfItsSize()
    {
        using var folder = new TemporaryFolder();
        var blank = await new BlankDisks(folder.AsHome()).EnsureAsync(3, Token);

        await Tool.RunAsync(
            Tool.Find("qemu-img"), ["convert", "-O", "raw", blank.Path, folder.File("raw")], Token);
        await Tool.RunAsync(Tool.Find("e2fsck"), ["-fn", folder.File("raw")], Token);
        Assert.Equal(3L << 30, blank.SizeBytes);
        Assert.Equal(3L << 30, new FileInfo(folder.File("raw")).Length);
        var layer = await Tool.RunAsync(Tool.Find("qemu-img"), ["info", blank.LayerTemplate], Token);
        Assert.Contains("virtual size: 3 GiB (3221225472 bytes)", layer, StringComparison.Ordinal);
        Assert.Contains("extended l2: true", layer, StringComparison.Ordinal);
        Assert.DoesNotContain("backing", layer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureAsync_ManyAtOnce_LeaveOneBlankAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        var home = folder.AsHome();
        var blanks = new BlankDisks(home);

        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => blanks.EnsureAsync(2, Token)));

        Assert.Single(made.Distinct());
        Assert.Equal(
            ["ext4-2g.qcow2", "layer-2g.qcow2"],
            Directory.GetFileSystemEntries(home.Blanks).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task EnsureAsync_Cancelled_LeavesNothing()
    {
        using var folder = new TemporaryFolder();
        var home = folder.AsHome();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new BlankDisks(home).EnsureAsync(2, new CancellationToken(canceled: true)));

        Assert.Empty(Directory.GetFileSystemEntries(home.Blanks));
    }

    [Fact]
    public async Task Create_FromABlank_IsAnOwnCopyOfTheLayer()
    {
        using var folder = new TemporaryFolder();
        var blank = await new BlankDisks(folder.AsHome()).EnsureAsync(2, Token);

        using var disk = WritableDisk.Empty(blank, folder.File("disk.qcow2"));
        RandomAccess.Write(disk.Own.Handle, [1, 2, 3], 100_000);

        Assert.Equal(blank.SizeBytes, disk.Blank.SizeBytes);
        Assert.NotEqual(
            await File.ReadAllBytesAsync(blank.LayerTemplate, Token),
            await File.ReadAllBytesAsync(folder.File("disk.qcow2"), Token));
    }
}
