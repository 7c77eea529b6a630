using System.Formats.Tar;
using System.Text;
using Mags.Machines.Images;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Images;

public sealed class RootfsFilterTests : IDisposable
{
    private static readonly DateTimeOffset _time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Copy_RootFileSystem_KeepsFilesModesOwnersAndLinks()
    {
        var entries = await FilterAsync(
            File("./bin/busybox", "program", (UnixFileMode)0x9ed),
            new PaxTarEntry(TarEntryType.SymbolicLink, "./bin/sh") { LinkName = "/bin/busybox" },
            new PaxTarEntry(TarEntryType.HardLink, "./bin/link") { LinkName = "./bin/busybox" },
            new PaxTarEntry(TarEntryType.Directory, "./home/") { Uid = 1000, Gid = 1001, Mode = (UnixFileMode)0x1c0 });

        Assert.Equal("program", entries["bin/busybox"].Content);
        Assert.Equal((UnixFileMode)0x9ed, entries["bin/busybox"].Entry.Mode);
        Assert.Equal(1_700_000_000, entries["bin/busybox"].Entry.ModificationTime.ToUnixTimeSeconds());
        Assert.Equal("/bin/busybox", entries["bin/sh"].Entry.LinkName);
        Assert.Equal("bin/busybox", entries["bin/link"].Entry.LinkName);
        Assert.Equal((1000, 1001), (entries["home"].Entry.Uid, entries["home"].Entry.Gid));
    }

    [Fact]
    public async Task Copy_Capabilities_KeepsThem()
    {
        var ping = new PaxTarEntry(
            TarEntryType.RegularFile,
            "bin/ping",
            [new("SCHILY.xattr.security.capability", "\u0001\0\0\u0002\0 \0\0"), new("comment", "dropped")]);

        var entries = await FilterAsync(Shell, ping);

        var kept = Assert.IsType<PaxTarEntry>(entries["bin/ping"].Entry).ExtendedAttributes;
        Assert.Equal("\u0001\0\0\u0002\0 \0\0", kept["SCHILY.xattr.security.capability"]);
        Assert.DoesNotContain("comment", kept.Keys);
    }

    [Theory]
    [InlineData("etc/ssh/ssh_host_ed25519_key")]
    [InlineData("etc/machine-id")]
    [InlineData("var/lib/dbus/machine-id")]
    [InlineData("proc/1")]
    [InlineData("dev/null")]
    [InlineData(".dockerenv")]
    public async Task Copy_IdentityAndKernelFiles_LeavesThemOut(string path) =>
        Assert.DoesNotContain(path, (await FilterAsync(Shell, File(path, "x"))).Keys);

    [Fact]
    public async Task Copy_DeviceNode_LeavesItOut() =>
        Assert.DoesNotContain(
            "lib/null", (await FilterAsync(Shell, new PaxTarEntry(TarEntryType.CharacterDevice, "lib/null"))).Keys);

    [Fact]
    public async Task Copy_HostNamesOfTheBuild_AreReplaced()
    {
        var entries = await FilterAsync(Shell, File("etc/resolv.conf", "nameserver 192.0.2.1\n"), File("etc/hostname", "builder"));

        Assert.Equal("", entries["etc/resolv.conf"].Content);
        Assert.Equal("sandbox\n", entries["etc/hostname"].Content);
        Assert.StartsWith("127.0.0.1\tlocalhost\n", entries["etc/hosts"].Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copy_FewFolders_AddsThoseThatAGuestNeeds()
    {
        var entries = await FilterAsync(Shell);

        Assert.Equal((UnixFileMode)0x3ff, entries["tmp"].Entry.Mode);
        Assert.Equal((UnixFileMode)0x1c0, entries["root"].Entry.Mode);
        Assert.Equal(
            ["bin/sh", "dev", "etc", "proc", "root", "run", "sys", "tmp", "var", "var/tmp", "etc/passwd"],
            entries.Keys.Take(11));
    }

    [Fact]
    public async Task Copy_UsersWithoutSshd_AddsIt() =>
        Assert.Equal(
            "root:x:0:0::/root:/bin/sh\nsshd:x:22:65534::/run/sshd:/bin/false\n",
            (await FilterAsync(Shell, File("etc/passwd", "root:x:0:0::/root:/bin/sh\n")))["etc/passwd"].Content);

    [Fact]
    public async Task Copy_LargeFile_KeepsItsContentAndLeavesNoFileBehind()
    {
        var content = new string('x', 17 << 20);

        var entries = await FilterAsync(Shell, File("large", content));

        Assert.Equal(content, entries["large"].Content);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("usr/../../x")]
    public async Task Copy_NameThatLeadsOut_IsRefused(string name)
    {
        var fault = await Assert.ThrowsAsync<MachineException>(() => FilterAsync(Shell, File(name, "x")));

        Assert.Equal($"The archive's entry {name} leads out of the root file system.", fault.Message);
    }

    [Fact]
    public async Task Copy_NoShell_IsRefused()
    {
        var fault = await Assert.ThrowsAsync<MachineException>(() => FilterAsync(File("hello", "x")));

        Assert.Equal("The archive holds no /bin/sh: it is not a root file system.", fault.Message);
    }

    [Fact]
    public async Task Copy_NoTarArchive_IsRefused()
    {
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(new string('x', 4096)));

        var fault = await Assert.ThrowsAsync<MachineException>(
            () => new RootfsFilter(_folder).CopyAsync(input, Stream.Null, TestContext.Current.CancellationToken));

        Assert.Equal("The root file system is not a sound tar archive.", fault.Message);
    }

    private static PaxTarEntry Shell => File("bin/sh", "shell");

    private static PaxTarEntry File(string path, string content, UnixFileMode mode = (UnixFileMode)0x1a4) =>
        new(TarEntryType.RegularFile, path)
        {
            Mode = mode,
            ModificationTime = _time,
            DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
        };

    private async Task<Dictionary<string, (TarEntry Entry, string Content)>> FilterAsync(params TarEntry[] given)
    {
        using var input = new MemoryStream();
        await using (var writer = new TarWriter(input, leaveOpen: true))
        {
            foreach (var entry in given)
            {
                await writer.WriteEntryAsync(entry, TestContext.Current.CancellationToken);
            }
        }

        input.Position = 0;
        using var output = new MemoryStream();
        await new RootfsFilter(_folder).CopyAsync(input, output, TestContext.Current.CancellationToken);
        output.Position = 0;
        await using var reader = new TarReader(output);
        var entries = new Dictionary<string, (TarEntry, string)>();
        while (await reader.GetNextEntryAsync(copyData: true, TestContext.Current.CancellationToken) is { } entry)
        {
            using var text = new StreamReader(entry.DataStream ?? Stream.Null);
            entries.Add(entry.Name, (entry, await text.ReadToEndAsync(TestContext.Current.CancellationToken)));
        }

        return entries;
    }
}
