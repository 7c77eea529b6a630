using Mags.Machines.Kernel;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Kernel;

public sealed class InitramfsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ensure_KernelAndAgent_HoldsAgentModulesAndTheirOrder()
    {
        var path = await Initramfs().EnsureAsync(Kernel(), Agent("agent"), TestContext.Current.CancellationToken);

        var entries = CpioWriterTests.Read(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(
            [
                "proc", "sys", "dev", "run", "lower", "rw", "sandbox", "modules", "init", "modules/virtio.ko",
                "modules/overlay.ko", "modules/order", "TRAILER!!!",
            ],
            entries.Select(entry => entry.Name));
        Assert.Contains(new CpioWriterTests.Entry("init", 0x81ed, "agent"), entries);
        Assert.Contains(new CpioWriterTests.Entry("modules/order", 0x81a4, "virtio.ko\noverlay.ko\n"), entries);
    }

    [Fact]
    public async Task Ensure_SameContent_GivesTheSameFile()
    {
        var first = await Initramfs().EnsureAsync(Kernel(), Agent("agent"), TestContext.Current.CancellationToken);
        var second = await Initramfs().EnsureAsync(Kernel(), Agent("agent"), TestContext.Current.CancellationToken);

        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Ensure_OtherAgent_GivesAnotherFileAndKeepsTheFirst()
    {
        var first = await Initramfs().EnsureAsync(Kernel(), Agent("agent"), TestContext.Current.CancellationToken);
        var second = await Initramfs().EnsureAsync(Kernel(), Agent("newer"), TestContext.Current.CancellationToken);

        Assert.NotEqual(first, second);
        Assert.True(File.Exists(first));
    }

    private Initramfs Initramfs() => new(Options.Create(new MachinesOptions { Home = _folder }));

    private string Agent(string content) => Write("mags-agent", content);

    private KernelFiles Kernel() => new("6.1", "vmlinuz", [Write("virtio.ko", "v"), Write("overlay.ko", "o")]);

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder.File(name), content);
        return _folder.File(name);
    }
}
