using System.IO.Compression;
using Mags.Machines.Tools;

namespace Mags.Machines.Images;

/// <summary>A tar archive in a file, compressed or not.</summary>
internal static class Tarball
{
    /// <summary>Lets <paramref name="tar"/> read the uncompressed archive. What compresses it shows in its first bytes.</summary>
    public static async Task ReadAsync(
        string path, Func<Stream, CancellationToken, Task> tar, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var start = new byte[6];
        var read = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        file.Position = 0;
        if (start.AsSpan(0, read).StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            await using var unpacked = new GZipStream(file, CompressionMode.Decompress);
            await tar(unpacked, cancellationToken);
        }
        else if (Unpacker(start.AsSpan(0, read)) is { } program)
        {
            await new HostTool(program, "-dc").RunAsync(tar, file.CopyToAsync, cancellationToken);
        }
        else
        {
            await tar(file, cancellationToken);
        }
    }

    private static string? Unpacker(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? "xz"
        : start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) ? "zstd"
        : null;
}
