using Mags.Machines.Kernel;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Kernel;

public sealed class GuestKernelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ensure_KernelThatIsThere_TakesItInItsLoadOrder()
    {
        var folder = Unpacked("6.1.0-1-cloud-amd64_6.1.1-1");

        var kernel = await EnsureAsync();

        Assert.Equal("6.1.0-1-cloud-amd64_6.1.1-1", kernel.Version);
        Assert.Equal(Path.Combine(folder, "vmlinuz"), kernel.Vmlinuz);
        Assert.Equal(
            [Path.Combine(folder, "modules", "virtio.ko"), Path.Combine(folder, "modules", "virtio_blk.ko")], kernel.Modules);
    }

    [Fact]
    public async Task Ensure_UnfinishedOneBesideIt_IgnoresThat()
    {
        Unpacked("6.1.0-1-cloud-amd64_6.1.1-1");
        Directory.CreateDirectory(Path.Combine(_folder, "kernel", ".new", "made"));

        Assert.Equal("6.1.0-1-cloud-amd64_6.1.1-1", (await EnsureAsync()).Version);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Ensure_EmptyHome_DownloadsTheKernelAndLeavesNothingElse()
    {
        var kernel = await EnsureAsync();

        Assert.Matches("^[0-9.-]+-cloud-amd64_[0-9]", kernel.Version);
        Assert.True(File.Exists(kernel.Vmlinuz));
        Assert.All(kernel.Modules, module => Assert.True(File.Exists(module)));
        var names = kernel.Modules.Select(Path.GetFileNameWithoutExtension).ToList();
        Assert.True(names.IndexOf("virtio") < names.IndexOf("virtio_blk"));
        Assert.Equal(
            [".lock", kernel.Version],
            Directory.GetFileSystemEntries(Path.Combine(_folder, "kernel")).Select(Path.GetFileName).Order());
    }

    private Task<KernelFiles> EnsureAsync() =>
        new GuestKernel(Options.Create(new MachinesOptions { Home = _folder }), TimeProvider.System)
            .EnsureAsync(new Progress<string>(), TestContext.Current.CancellationToken);

    private string Unpacked(string version)
    {
        var folder = Path.Combine(_folder, "kernel", version);
        Directory.CreateDirectory(Path.Combine(folder, "modules"));
        File.WriteAllText(Path.Combine(folder, "modules", "order"), "virtio.ko\nvirtio_blk.ko\n");
        return folder;
    }
}
