using System.Diagnostics;
using Mags.Machines.Images;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Images;

public sealed class ImageBuilderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MachinesOptions _options;
    private readonly ImageCatalog _catalog;
    private readonly List<string> _progress = [];

    public ImageBuilderTests()
    {
        _options = new MachinesOptions { Home = _folder.File("home"), RecipeFolder = _folder.File("recipes") };
        _catalog = new ImageCatalog(Options.Create(_options));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Build_Recipe_MakesAnImageOfWhatItWrites()
    {
        AddRecipe("small", """
            echo "==> making it" >&2
            mkdir -p "$TMPDIR/root/bin"
            echo shell >"$TMPDIR/root/bin/sh"
            tar -C "$TMPDIR/root" -c .
            """);

        var image = await BuildAsync("small");

        Assert.Equal(image, _catalog.Find("small"));
        Assert.Equal(new FileInfo(image.Path).Length, image.SizeBytes);
        Assert.Equal("shell\n", await ReadAsync(image, "bin/sh"));
        Assert.Equal(["making it", $"small is 0.0 MB, {image.Digest}"], _progress);
        Assert.Equal(
            [".small.lock", Path.GetFileName(image.Path), "small.json", "small.log"], HomeFiles());
    }

    [Fact]
    public async Task Build_RecipeThatFails_TellsItsLastWordsAndLeavesNoImage()
    {
        AddRecipe("small", "echo 'the mirror is gone' >&2; exit 3");

        var fault = await Assert.ThrowsAsync<MachineException>(() => BuildAsync("small"));

        Assert.Equal(MachineFault.Setup, fault.Reason);
        Assert.Equal("The build of the image small failed with exit code 3: the mirror is gone", fault.Message);
        Assert.Equal([".small.lock", "small.log"], HomeFiles());
    }

    [Fact]
    public async Task Build_Cancelled_EndsTheRecipeAndLeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        AddRecipe("small", """echo "==> $$" >&2; mkdir "$TMPDIR/half"; mount -t tmpfs none "$TMPDIR/half"; exec sleep 1000""");

        var build = BuildAsync("small", onProgress: stop.Cancel, cancellationToken: stop.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => build);
        Assert.Equal([".small.lock", "small.log"], HomeFiles());
        Assert.DoesNotContain(_folder, await File.ReadAllTextAsync("/proc/mounts", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_LeftoverOfOneThatWasCutOff_StartsAnew()
    {
        Directory.CreateDirectory(Path.Combine(_catalog.Folder, ".building-small", "tmp", "root"));
        AddRecipe("small", """mkdir -p "$TMPDIR/root/bin"; touch "$TMPDIR/root/bin/sh"; tar -C "$TMPDIR/root" -c .""");

        await BuildAsync("small");

        Assert.False(Directory.Exists(Path.Combine(_catalog.Folder, ".building-small")));
    }

    [Fact]
    public async Task Build_UnknownName_SaysWhereItLooked()
    {
        var fault = await Assert.ThrowsAsync<MachineException>(() => BuildAsync("nowhere"));

        Assert.Equal(MachineFault.UnknownImage, fault.Reason);
        Assert.Equal($"There is no recipe for an image 'nowhere' in {_options.RecipeFolder}.", fault.Message);
    }

    [Fact]
    public async Task Build_NameThatIsNone_IsRefused()
    {
        var fault = await Assert.ThrowsAsync<MachineException>(() => BuildAsync("../debian"));

        Assert.StartsWith("'../debian' is no name for an image", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_TarballThatIsMissing_NamesIt()
    {
        var fault = await Assert.ThrowsAsync<MachineException>(() => BuildAsync("alpine", "/nowhere/root.tar.gz"));

        Assert.Equal("There is no file /nowhere/root.tar.gz.", fault.Message);
    }

    [Fact]
    public async Task Build_AlpineFromTarball_KeepsItAndHasTheUserSshd()
    {
        var tarball = AlpineTarball.Find();
        Assert.SkipWhen(tarball is null, AlpineTarball.Missing);

        var image = await BuildAsync("alpine", tarball);

        Assert.Contains("\nsshd:x:", await ReadAsync(image, "etc/passwd"), StringComparison.Ordinal);
        Assert.StartsWith("3.23", await ReadAsync(image, "etc/alpine-release"), StringComparison.Ordinal);
        Assert.Contains("bin/sh -> /bin/busybox", await ListAsync(image, "bin/sh"), StringComparison.Ordinal);
    }

    private async Task<Image> BuildAsync(
        string name, string? rootfs = null, Action? onProgress = null, CancellationToken? cancellationToken = null)
    {
        var builder = new ImageBuilder(Options.Create(_options), _catalog, TimeProvider.System);
        return await builder.BuildAsync(
            name, rootfs, new Told(_progress, onProgress), cancellationToken ?? TestContext.Current.CancellationToken);
    }

    private void AddRecipe(string name, string script)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_options.RecipeFolder, name)).FullName;
        var path = Path.Combine(folder, "build");
        File.WriteAllText(path, $"#!/bin/sh\nset -eu\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private IEnumerable<string?> HomeFiles() => Directory.GetFileSystemEntries(_catalog.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static Task<string> ReadAsync(Image image, string path) => RunAsync("-cat", image.Path, path);

    private static Task<string> ListAsync(Image image, string path) => RunAsync("-lls", image.Path, path);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("unsquashfs", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private sealed class Told(List<string> lines, Action? then) : IProgress<string>
    {
        public void Report(string value)
        {
            lines.Add(value);
            then?.Invoke();
        }
    }
}
