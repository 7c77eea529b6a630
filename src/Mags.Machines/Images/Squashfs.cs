using System.Globalization;
using System.Security.Cryptography;
using Mags.Machines.Tools;

namespace Mags.Machines.Images;

/// <summary>Makes squashfs files with mksquashfs.</summary>
internal static class Squashfs
{
    /// <summary>
    /// Higher makes smaller files and longer builds. Reading costs the same: zstd's speed of unpacking hardly depends on it.
    /// </summary>
    private const int ZstdLevel = 6;

    /// <summary>Writes the root file system of a tar archive as <paramref name="path"/>.</summary>
    public static async Task WriteAsync(
        Func<Stream, CancellationToken, Task> tar, string path, CancellationToken cancellationToken)
    {
        // Times of files are kept: Python takes its compiled modules only while their source has its recorded time.
        string[] arguments =
        [
            "-", path, "-tar", "-noappend", "-quiet", "-no-progress", "-no-exports", "-mem", "512M", "-mkfs-time", "0",
            "-root-mode", "0755", "-root-uid", "0", "-root-gid", "0",
            "-comp", "zstd", "-Xcompression-level", ZstdLevel.ToString(CultureInfo.InvariantCulture),
        ];
        await new HostTool("mksquashfs", arguments).RunAsync(
            static (output, token) => output.CopyToAsync(Stream.Null, token), tar, cancellationToken);
    }

    /// <summary>Digest of a file, as images are named by.</summary>
    public static async Task<string> DigestAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        return $"sha256:{Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken))}";
    }
}
