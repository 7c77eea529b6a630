using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Mags.Bench.Durability;

/// <summary>Another build of a node's image: it reads the same, and has another digest.</summary>
internal static class OtherImage
{
    private const string Name = "debian";
    private const int Padding = 4096;

    /// <summary>Lets the name mean the other build, and deletes the file of the one before.</summary>
    public static async Task ReplaceAsync(string images, CancellationToken cancellationToken)
    {
        var file = Path.Combine(images, $"{Name}.json");
        var record = JsonNode.Parse(await File.ReadAllTextAsync(file, cancellationToken))!;
        var old = Path.Combine(images, FileOf((string)record["digest"]!));
        // Squashfs knows its own length.
        byte[] content = [.. await File.ReadAllBytesAsync(old, cancellationToken), .. new byte[Padding]];
        var digest = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";
        await File.WriteAllBytesAsync(Path.Combine(images, FileOf(digest)), content, cancellationToken);
        (record["digest"], record["size"]) = (digest, content.Length);

        // The prepared home has a link to the file: it must not be written to.
        File.Delete(file);
        await File.WriteAllTextAsync(file, record.ToJsonString(), cancellationToken);
        foreach (var other in Directory.GetFiles(images, "*.squashfs").Where(path => Path.GetFileName(path) != FileOf(digest)))
        {
            File.Delete(other);
        }
    }

    private static string FileOf(string digest) => $"{digest.Replace(':', '-')}.squashfs";
}
