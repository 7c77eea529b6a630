using System.Text.Json;
using System.Text.RegularExpressions;
using Mags.Machines.Tools;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Images;

/// <summary>
/// The images of this node: <c>images/NAME.json</c> and the squashfs file that it names by digest. Read from the disk at
/// each call, so that what another process has built shows up at once. Files of earlier builds are kept: templates and
/// running machines may still read them.
/// </summary>
public sealed partial class ImageCatalog(IOptions<MachinesOptions> options)
{
    private const string DigestPrefix = "sha256:";

    /// <summary>Folder of the catalog.</summary>
    internal string Folder { get; } = Path.Combine(options.Value.Home, "images");

    /// <summary>All images by name. An entry that cannot be read, or whose file is gone, is left out.</summary>
    public IReadOnlyList<Image> List()
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        return
        [
            .. Directory.EnumerateFiles(Folder, "*.json")
                .Select(path => Find(Path.GetFileNameWithoutExtension(path)))
                .OfType<Image>()
                .OrderBy(image => image.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>The image of that name, or null.</summary>
    public Image? Find(string name)
    {
        if (!IsName(name) || Read(RecordPath(name)) is not { } record || record.Name != name)
        {
            return null;
        }

        var path = FilePath(record.Digest);
        return path is not null && File.Exists(path)
            ? new Image(
                name, record.Digest, record.Size, record.BuiltAt, TimeSpan.FromSeconds(record.BuildSeconds), path)
            : null;
    }

    /// <summary>The image of that name, as it was when it had this digest; null when there is none.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="digest">A digest that the name had once; null for what it means now.</param>
    public Image? Find(string name, string? digest)
    {
        var now = Find(name);
        if (digest is null || now?.Digest == digest)
        {
            return now;
        }

        // Its file is kept when the name is given to another build; what is told of the build itself is not.
        var path = FilePath(digest);
        return path is not null && File.Exists(path)
            ? new Image(name, digest, new FileInfo(path).Length, File.GetLastWriteTimeUtc(path), TimeSpan.Zero, path)
            : null;
    }

    /// <summary>Whether the file of that digest is here, under whatever name and of whichever build.</summary>
    internal bool Contains(string digest) => FilePath(digest) is { } path && File.Exists(path);

    /// <summary>Takes an image's file from elsewhere into the catalog; no name means it by that.</summary>
    /// <param name="digest">Its digest, which the writer has checked.</param>
    /// <param name="write">Writes the file; false when there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> AddAsync(
        string digest, Func<Stream, CancellationToken, Task<bool>> write, CancellationToken cancellationToken)
    {
        var path = FilePath(digest) ?? throw new ArgumentException($"{digest} is no digest.", nameof(digest));
        _ = Directory.CreateDirectory(Folder);
        var temporary = HomeFolders.Temporary(Folder);
        try
        {
            await using (var file = File.Create(temporary))
            {
                if (!await write(file, cancellationToken))
                {
                    return false;
                }
            }

            DurableFile.Publish(temporary, path);
            return true;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Whether an image may be called so: it is part of file names.</summary>
    internal static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>Takes a finished squashfs file into the catalog, then lets the name mean it.</summary>
    internal Image Add(string squashfs, ImageRecord record)
    {
        var path = FilePath(record.Digest)
            ?? throw new ArgumentException($"{record.Digest} is no digest.", nameof(record));
        DurableFile.Publish(squashfs, path);
        DurableFile.Write(
            RecordPath(record.Name), JsonSerializer.SerializeToUtf8Bytes(record, ImageJsonContext.Default.ImageRecord));
        return Find(record.Name)
            ?? throw new MachineException(MachineFault.Setup, $"The image {record.Name} vanished from {Folder}.");
    }

    private string RecordPath(string name) => Path.Combine(Folder, $"{name}.json");

    private string? FilePath(string digest) =>
        DigestPattern().IsMatch(digest)
            ? Path.Combine(Folder, $"sha256-{digest[DigestPrefix.Length..]}.squashfs")
            : null;

    private static ImageRecord? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ImageJsonContext.Default.ImageRecord);
        }
        catch (Exception unreadable) when (unreadable is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,62}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\Asha256:[0-9a-f]{64}\z")]
    private static partial Regex DigestPattern();
}
