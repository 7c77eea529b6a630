using System.Text.RegularExpressions;

namespace Mags.Architecture.Tests;

/// <summary>
/// A file system that a guest wrote is an attack on whatever reads it: the host's kernel and root never do. What could is
/// named nowhere in product, tests, benchmarks and scripts.
/// </summary>
public sealed partial class GuestDiskTests
{
    // The guest's own program mounts, that is its job; the launcher's mounts show single files of the host, and a recipe's
    // are of folders: no disk. A test has its guest mount the guest's own.
    private static readonly string[] _mayMount =
    [
        "src/Mags.Agent/", "src/Mags.Jail/", "images/alpine/build", "tests/Mags.Machines.Tests/Disks/LayerDiskTests.cs",
    ];

    // One looks at a file system that was just made, which no guest has seen. The other is a script that guests run, each on
    // its own disk.
    private static readonly string[] _mayCheck =
    [
        "tests/Mags.Machines.Tests/Disks/BlankDisksTests.cs", "bench/Mags.Bench/Durability/GuestPrograms.cs",
    ];

    // Converts a file system that was just made, and makes empty layers. A test checks the layers of its own guests, another
    // makes an empty image that has to be refused.
    private static readonly string[] _mayConvert =
    [
        "src/Mags.Machines/Disks/BlankDisks.cs",
        "tests/Mags.EndToEnd.Tests/Workspaces/WorkspaceTransferTests.cs",
        "tests/Mags.Machines.Tests/Disks/BlankDisksTests.cs",
        "tests/Mags.Machines.Tests/Disks/LiveLayerTests.cs",
    ];

    private static readonly string[] _folders = ["src", "tests", "bench", "images"];
    private static readonly string[] _scripts = ["mags", "test"];

    [Fact]
    public void Sources_OfTheHost_NeitherMountNorCheckGuestDisks()
    {
        Assert.DoesNotContain(FilesWith(Mounting()), file => !_mayMount.Any(
            folder => file.StartsWith(folder, StringComparison.Ordinal)));
        Assert.DoesNotContain(FilesWith(FileSystem()), file => file.StartsWith("src/Mags.Jail/", StringComparison.Ordinal));
        Assert.Equal(_mayCheck, FilesWith(Checking()));
        Assert.Equal(_mayConvert, FilesWith(Converting()).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> FilesWith(Regex words) => _folders
        .SelectMany(folder => Repository.Files(folder, "*"))
        .Concat(_scripts.Select(Repository.PathOf))
        .Where(file => Path.GetFileName(file) != nameof(GuestDiskTests) + ".cs")
        .Where(file => words.IsMatch(File.ReadAllText(file)))
        .Select(file => Path.GetRelativePath(Repository.Root, file));

    [GeneratedRegex("""EntryPoint = "(mount|fsmount|open_tree)"|\bmount (-(?!(t (tmpfs|cgroup2)|o remount,ro,bind) )|/dev/)|"(/usr)?(/s?bin/)?mount"|losetup|qemu-nbd|guestmount|fuse2fs""")]
    private static partial Regex Mounting();

    [GeneratedRegex("\"(ext[234]|xfs|btrfs|vfat|squashfs|iso9660|overlay)\"")]
    private static partial Regex FileSystem();

    [GeneratedRegex("\"qemu-img\"|qemu-storage-daemon")]
    private static partial Regex Converting();

    [GeneratedRegex("fsck|debugfs|resize2fs|tune2fs|dumpe2fs|e2image")]
    private static partial Regex Checking();
}
