using System.Formats.Tar;
using System.Text;

namespace Mags.Machines.Images;

/// <summary>
/// Copies a root file system from one tar archive to another and makes it fit to be a guest's, wherever it comes from:
/// no identity (host keys, machine id), no device nodes, the folders that the agent mounts on, the user <c>sshd</c>.
/// Needs no root and unpacks nothing.
/// </summary>
internal sealed class RootfsFilter(string temporaryFolder)
{
    // The guest's own at each claim, so nothing of the build may stay in them.
    private static readonly Dictionary<string, string> _ownFiles = new()
    {
        ["etc/hostname"] = "sandbox\n",
        ["etc/hosts"] = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n",
        ["etc/resolv.conf"] = "",
    };

    private static readonly (string Path, int Mode)[] _folders =
    [
        ("dev", 0x1ed), ("etc", 0x1ed), ("proc", 0x16d), ("root", 0x1c0), ("run", 0x1ed), ("sys", 0x16d),
        ("tmp", 0x3ff), ("var", 0x1ed), ("var/tmp", 0x3ff),
    ];

    private readonly HashSet<string> _seen = [];

    /// <summary>Copies the archive.</summary>
    /// <exception cref="MachineException">It is no tar archive of a root file system.</exception>
    public async Task CopyAsync(Stream input, Stream output, CancellationToken cancellationToken)
    {
        await using var writer = new TarWriter(output, TarEntryFormat.Gnu, leaveOpen: true);
        try
        {
            await using var reader = new TarReader(input, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                await CopyAsync(entry, writer, cancellationToken);
            }
        }
        catch (Exception broken) when (broken is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new MachineException(MachineFault.Setup, "The root file system is not a sound tar archive.", broken);
        }

        if (!_seen.Contains("bin/sh") && !_seen.Contains("usr/bin/sh"))
        {
            throw new MachineException(MachineFault.Setup, "The archive holds no /bin/sh: it is not a root file system.");
        }

        await AddMissingAsync(writer, cancellationToken);
    }

    private async Task CopyAsync(TarEntry entry, TarWriter writer, CancellationToken cancellationToken)
    {
        var path = Normalize(entry.Name);
        if (path.Length == 0 || IsLeftOut(path, entry.EntryType))
        {
            return;
        }

        _seen.Add(path);
        var copy = Retype(entry, path);
        if (entry.EntryType is TarEntryType.HardLink)
        {
            copy.LinkName = Normalize(entry.LinkName);
        }
        else if (entry.EntryType is TarEntryType.SymbolicLink)
        {
            copy.LinkName = entry.LinkName;
        }
        else if (entry.DataStream is { } data)
        {
            await using var kept = await KeepAsync(data, cancellationToken);
            copy.DataStream = SystemUsers.Complete(path, kept);
            await writer.WriteEntryAsync(copy, cancellationToken);
            return;
        }

        await writer.WriteEntryAsync(copy, cancellationToken);
    }

    // Two formats, whatever the source has: old ones cannot hold long names.
    private static TarEntry Retype(TarEntry entry, string path)
    {
        var type = entry.EntryType switch
        {
            TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => TarEntryType.RegularFile,
            TarEntryType.RegularFile or TarEntryType.Directory or TarEntryType.SymbolicLink or TarEntryType.HardLink
                => entry.EntryType,
            var other => throw new MachineException(
                MachineFault.Setup, $"The archive's entry {path} is of a kind that an image cannot hold ({other})."),
        };
        TarEntry copy = ExtendedAttributes(entry) is { Count: > 0 } attributes
            ? new PaxTarEntry(type, path, attributes)
            : new GnuTarEntry(type, path);
        copy.Mode = entry.Mode;
        copy.Uid = entry.Uid;
        copy.Gid = entry.Gid;
        copy.ModificationTime = HalfPast(entry.ModificationTime);
        return copy;
    }

    // Above all a program's capabilities (ping's). mksquashfs 4.5 takes the leading slash from a link's target in the
    // pax format, so nothing else is written in that format, and links never.
    private static List<KeyValuePair<string, string>> ExtendedAttributes(TarEntry entry) =>
        entry is PaxTarEntry pax && entry.EntryType is not (TarEntryType.SymbolicLink or TarEntryType.HardLink)
            ? [.. pax.ExtendedAttributes.Where(a => a.Key.StartsWith("SCHILY.xattr.", StringComparison.Ordinal))]
            : [];

    // mksquashfs 4.5 refuses a pax header whose time has no fraction; it drops the fraction then.
    private static DateTimeOffset HalfPast(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Max(time.ToUnixTimeSeconds(), 0)).AddMilliseconds(500);

    private static string Normalize(string name)
    {
        var parts = name.Split('/').Where(part => part is not ("" or ".")).ToArray();
        return parts.Contains("..")
            ? throw new MachineException(MachineFault.Setup, $"The archive's entry {name} leads out of the root file system.")
            : string.Join('/', parts);
    }

    private static bool IsLeftOut(string path, TarEntryType type) =>
        type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice or TarEntryType.Fifo
            or TarEntryType.GlobalExtendedAttributes
        || _ownFiles.ContainsKey(path)
        || path is ".dockerenv" or "etc/machine-id" or "var/lib/dbus/machine-id"
        || path.StartsWith("etc/ssh/ssh_host_", StringComparison.Ordinal)
        || path.StartsWith("dev/", StringComparison.Ordinal)
        || path.StartsWith("proc/", StringComparison.Ordinal)
        || path.StartsWith("sys/", StringComparison.Ordinal);

    // The writer wants data that it can seek in; the archive comes from a pipe. Large files go by way of the disk.
    private async Task<Stream> KeepAsync(Stream data, CancellationToken cancellationToken)
    {
        const int largeFile = 16 << 20;
        Stream kept = data.Length <= largeFile
            ? new MemoryStream((int)data.Length)
            : new FileStream(
                Path.Combine(temporaryFolder, "large-file"), FileMode.Create, FileAccess.ReadWrite, FileShare.None,
                bufferSize: 1 << 16, FileOptions.DeleteOnClose);
        await data.CopyToAsync(kept, cancellationToken);
        kept.Position = 0;
        return kept;
    }

    private async Task AddMissingAsync(TarWriter writer, CancellationToken cancellationToken)
    {
        foreach (var (path, mode) in _folders.Where(folder => !_seen.Contains(folder.Path)))
        {
            await writer.WriteEntryAsync(
                new GnuTarEntry(TarEntryType.Directory, path)
                {
                    Mode = (UnixFileMode)mode,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                },
                cancellationToken);
        }

        var files = SystemUsers.Files.Where(file => !_seen.Contains(file))
            .ToDictionary(file => file, file => SystemUsers.Complete(file, ""))
            .Concat(_ownFiles);
        foreach (var (path, text) in files)
        {
            await using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
            await writer.WriteEntryAsync(
                new GnuTarEntry(TarEntryType.RegularFile, path)
                {
                    Mode = (UnixFileMode)0x1a4,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                    DataStream = content,
                },
                cancellationToken);
        }
    }
}
