using Mags.Machines.Acceleration;
using Mags.Machines.Native;
using Mags.Machines.Templates;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Templates;

/// <summary>What is kept of templates that lie on the disk already; none is booted here.</summary>
public sealed class TemplateStoreTests : IDisposable
{
    private readonly TemporaryFolder _home = new();
    private readonly HomeFolders _folders;
    private readonly IOptions<MachinesOptions> _options;

    public TemplateStoreTests()
    {
        _options = Options.Create(new MachinesOptions { Home = _home.Path, MaxTemplates = 1 });
        _folders = _home.AsHome();
        _ = Directory.CreateDirectory(_folders.Templates);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetAsync_MoreThanTheLimit_LeastUsedIsRemoved()
    {
        await using var store = NewStore();
        var (first, second) = (Seed("first"), Seed("second"));

        (await store.GetAsync(first, Token)).Dispose();
        using var lease = await store.GetAsync(second, Token);

        Assert.False(Directory.Exists(FolderOf(first)));
        Assert.True(Directory.Exists(FolderOf(second)));
        Assert.False(lease.Template.Memory.IsClosed);
    }

    [Fact]
    public async Task GetAsync_LeastUsedIsHeld_ItStaysAndAnotherGoes()
    {
        await using var store = NewStore();
        var (held, idle, last) = (Seed("held"), Seed("idle"), Seed("last"));

        using var first = await store.GetAsync(held, Token);
        (await store.GetAsync(idle, Token)).Dispose();
        using var third = await store.GetAsync(last, Token);

        Assert.True(Directory.Exists(FolderOf(held)));
        Assert.False(Directory.Exists(FolderOf(idle)));
        Assert.False(first.Template.Memory.IsClosed);
    }

    [Fact]
    public async Task RemoveOutdated_MoreThanTheLimit_LoadedLongestAgoGoes()
    {
        var (used, unused, outdated) = (Seed("used"), Seed("unused"), Seed("outdated"));
        await using (var earlier = NewStore())
        {
            Directory.SetLastWriteTimeUtc(FolderOf(used), DateTime.UnixEpoch);
            (await earlier.GetAsync(used, Token)).Dispose();
        }

        Directory.SetLastWriteTimeUtc(FolderOf(unused), DateTime.UnixEpoch.AddDays(1));
        await using var store = NewStore();

        store.RemoveOutdated((key, _) => key != outdated.Key);

        Assert.True(Directory.Exists(FolderOf(used)));
        Assert.False(Directory.Exists(FolderOf(unused)));
        Assert.False(Directory.Exists(FolderOf(outdated)));
    }

    public void Dispose() => _home.Dispose();

    private string FolderOf(TemplateRecipe recipe) => Path.Combine(_folders.Templates, recipe.Key);

    private TemplateStore NewStore() => new(
        _folders, booter: null!, _options, TimeProvider.System, NullLogger<TemplateStore>.Instance);

    private TemplateRecipe Seed(string image)
    {
        var recipe = new TemplateRecipe
        {
            ImageDigest = image,
            ImagePath = "/image",
            Size = new MachineSize(1, 1),
            Accelerator = AcceleratorKind.Tcg,
            KernelVersion = "6.1",
            KernelPath = "/kernel",
            InitramfsPath = "/initramfs",
            QemuVersion = "7.2",
            CpuModel = "some",
            TscKhz = 1,
        };
        var making = Directory.CreateDirectory(_home.File("making")).FullName;
        File.WriteAllBytes(Path.Combine(making, TemplateFolder.StateFile), [1]);
        using var memory = MemoryFile.Create("memory", 1 << 20);
        TemplateFolder.Complete(making, FolderOf(recipe), memory, new TemplateMeta(image, 1, 1, 1, 1));
        return recipe;
    }
}
