using System.Globalization;
using Mags.Machines.Native;

namespace Mags.Machines.Disks;

/// <summary>
/// Formatted empty disks, one for each size, that every machine's own layer lies on. A blank is made once and is
/// immutable from then on, since layers name it as their backing. Any number of makers may run at once: each makes its
/// own and the first name given stands.
/// </summary>
internal sealed class BlankDisks(HomeFolders folders)
{
    // 64K clusters cut into 32 subclusters: small writes over the backing copy 2K instead of 64K.
    private const string LayerOptions = "cluster_size=64k,extended_l2=on";

    /// <summary>The blank of a size, made now if it is missing.</summary>
    internal async Task<BlankDisk> EnsureAsync(int sizeGb, CancellationToken cancellationToken)
    {
        var blank = new BlankDisk(
            Path.Combine(folders.Blanks, string.Create(CultureInfo.InvariantCulture, $"ext4-{sizeGb}g.qcow2")),
            Path.Combine(folders.Blanks, string.Create(CultureInfo.InvariantCulture, $"layer-{sizeGb}g.qcow2")),
            (long)sizeGb << 30);
        if (!File.Exists(blank.Path))
        {
            await MakeBlankAsync(blank, cancellationToken);
        }

        if (!File.Exists(blank.LayerTemplate))
        {
            await MakeLayerAsync(blank, cancellationToken);
        }

        return blank;
    }

    private async Task MakeBlankAsync(BlankDisk blank, CancellationToken cancellationToken)
    {
        _ = Directory.CreateDirectory(folders.Blanks);
        var raw = HomeFolders.Temporary(folders.Blanks);
        var made = HomeFolders.Temporary(folders.Blanks);
        try
        {
            await using (var file = File.Create(raw))
            {
                file.SetLength(blank.SizeBytes);
            }

            await Tool.RunAsync(Tool.Find("mke2fs"), FormatArguments(raw, blank.SizeBytes), cancellationToken);
            await Tool.RunAsync(
                Tool.Find("qemu-img"), ["convert", "-f", "raw", "-O", "qcow2", raw, made], cancellationToken);
            Publish(made, blank.Path);
        }
        finally
        {
            File.Delete(raw);
            File.Delete(made);
        }
    }

    private async Task MakeLayerAsync(BlankDisk blank, CancellationToken cancellationToken)
    {
        var made = HomeFolders.Temporary(folders.Blanks);
        try
        {
            var size = blank.SizeBytes.ToString(CultureInfo.InvariantCulture);
            await Tool.RunAsync(
                Tool.Find("qemu-img"),
                ["create", "-q", "-f", "qcow2", "-o", LayerOptions, made, size],
                cancellationToken);
            Publish(made, blank.LayerTemplate);
        }
        finally
        {
            File.Delete(made);
        }
    }

    /// <summary>
    /// The journal is small, for a copy of it is in every sandbox that writes, but not so small that it cannot grow with
    /// the disk. Room for the group descriptors of 64 GiB lets a disk grow online. Nothing is left to be initialised in
    /// the background of each guest: mke2fs sees that the file's holes read as zeros.
    /// </summary>
    private static string[] FormatArguments(string path, long sizeBytes)
    {
        const long BlockSize = 4096, GrowthBlocks = 16777216;
        var growth = Math.Max(GrowthBlocks, 4 * (sizeBytes / BlockSize)).ToString(CultureInfo.InvariantCulture);
        return
        [
            "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-J", "size=16",
            "-E", $"resize={growth},lazy_journal_init=1,lazy_itable_init=0", path,
        ];
    }

    private static void Publish(string made, string path)
    {
        using (var file = File.OpenHandle(made, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(file);
        }

        try
        {
            File.Move(made, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another maker was first; machines may stand on that one already, so it stays.
        }
    }
}
