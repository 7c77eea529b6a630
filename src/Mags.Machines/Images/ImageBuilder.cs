using System.Globalization;
using Mags.Machines.Tools;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Images;

/// <summary>
/// Builds images: the tar archive that a recipe or a given file holds becomes a squashfs file of the catalog. Nothing is
/// unpacked on the host, and no program of a given tarball is run.
/// </summary>
public sealed class ImageBuilder(IOptions<MachinesOptions> options, ImageCatalog catalog, TimeProvider time)
{
    private const int NeededMib = 1536;

    /// <summary>
    /// Builds the image <paramref name="name"/> and lets the name mean it. What was built before stays in use until then.
    /// Builds of one name wait for each other.
    /// </summary>
    /// <param name="name">Name of a recipe, or with a tarball any name.</param>
    /// <param name="rootfsTarball">A root file system (.tar, .tar.gz, .tar.xz, .tar.zst) to take as it is; null for the recipe.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="cancellationToken">Ends the build; nothing of it stays.</param>
    /// <exception cref="MachineException">There is no such recipe, no room, or a step failed.</exception>
    public async Task<Image> BuildAsync(
        string name, string? rootfsTarball, IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (!ImageCatalog.IsName(name))
        {
            throw new MachineException(
                MachineFault.UnknownImage,
                $"'{name}' is no name for an image: use up to 63 lower-case letters, digits, '.', '_' and '-'.");
        }

        var recipe = new ImageRecipe(Path.Combine(options.Value.RecipeFolder, name));
        if (rootfsTarball is null && !recipe.Exists)
        {
            throw new MachineException(
                MachineFault.UnknownImage, $"There is no recipe for an image '{name}' in {options.Value.RecipeFolder}.");
        }

        Directory.CreateDirectory(catalog.Folder);
        using var held = await HomeLock.TakeAsync(
            Path.Combine(catalog.Folder, $".{name}.lock"), time, progress, cancellationToken);
        DiskSpace.Require(catalog.Folder, NeededMib, $"Building the image {name}");
        var work = Path.Combine(catalog.Folder, $".building-{name}");
        DurableFile.DeleteFolder(work);
        Directory.CreateDirectory(work);
        try
        {
            return rootfsTarball is null
                ? await MakeAsync(
                    name, work, recipe.Digest(), (tar, token) => recipe.RunAsync(work, tar, progress, token),
                    progress, cancellationToken)
                : await MakeAsync(
                    name, work, await TarballDigestAsync(rootfsTarball, cancellationToken),
                    (tar, token) => Tarball.ReadAsync(rootfsTarball, tar, token),
                    progress, cancellationToken);
        }
        finally
        {
            KeepLog(work, name);
            DurableFile.DeleteFolder(work);
        }
    }

    private async Task<Image> MakeAsync(
        string name,
        string work,
        string origin,
        Func<Func<Stream, CancellationToken, Task>, CancellationToken, Task> source,
        IProgress<string> progress,
        CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var squashfs = Path.Combine(work, "image.squashfs");
        await source(
            (tar, token) => Squashfs.WriteAsync(
                (output, inner) => new RootfsFilter(work).CopyAsync(tar, output, inner), squashfs, token),
            cancellationToken);
        var digest = await Squashfs.DigestAsync(squashfs, cancellationToken);
        var size = new FileInfo(squashfs).Length;
        progress.Report(string.Create(CultureInfo.InvariantCulture, $"{name} is {size / 1e6:0.0} MB, {digest}"));
        var took = time.GetElapsedTime(started);
        return catalog.Add(
            squashfs,
            new ImageRecord(name, digest, size, time.GetUtcNow(), Math.Round(took.TotalSeconds, 1), origin));
    }

    private static async Task<string> TarballDigestAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new MachineException(MachineFault.Setup, $"There is no file {path}.");
        }

        return await Squashfs.DigestAsync(path, cancellationToken);
    }

    // What the build said is the only help when it went wrong.
    private void KeepLog(string work, string name)
    {
        var log = Path.Combine(work, "build.log");
        if (File.Exists(log))
        {
            File.Move(log, Path.Combine(catalog.Folder, $"{name}.log"), overwrite: true);
        }
    }
}
