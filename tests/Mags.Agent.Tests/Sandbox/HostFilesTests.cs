using Mags.Agent.Sandbox;

namespace Mags.Agent.Tests.Sandbox;

public sealed class HostFilesTests
{
    private static readonly HashSet<string> _noFolders = [];

    [Theory]
    [InlineData("127.0.0.1\tlocalhost\n", "127.0.0.1\tlocalhost\n127.0.1.1\tbox\n")]
    [InlineData("127.0.0.1 localhost", "127.0.0.1 localhost\n127.0.1.1\tbox\n")]
    [InlineData("127.0.1.1 old\n10.0.0.1 db # mine\n", "127.0.1.1\tbox\n10.0.0.1 db # mine\n")]
    [InlineData("10.0.0.9 box\n", "10.0.0.9 box\n")]
    [InlineData("10.0.0.9 web # box\n", "10.0.0.9 web # box\n127.0.1.1\tbox\n")]
    public void WithName_KeptFile_ChangesOnlyTheLineThatNamesTheMachine(string before, string after)
    {
        Assert.Equal(after, HostFiles.WithName(before, "box"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void FirstHosts_ImageWithoutLocalhost_KnowsLocalhost(string? hosts)
    {
        var first = HostFiles.FirstHosts(new ImageFacts(hosts, _noFolders));

        Assert.Equal("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", first);
    }

    [Fact]
    public void Write_FreshDisk_MakesBothFiles()
    {
        using var upper = new TemporaryFolder();

        new HostFiles(new ImageFacts("127.0.0.1 localhost\n", _noFolders)).Write(upper.Path, new HostNames("box", []));

        Assert.Equal("box\n", File.ReadAllText(upper.Path + "/etc/hostname"));
        Assert.Equal("127.0.0.1 localhost\n127.0.1.1\tbox\n", File.ReadAllText(upper.Path + "/etc/hosts"));
    }

    [Fact]
    public void Write_LinksInAKeptWorkspace_AreNotFollowed()
    {
        using var upper = new TemporaryFolder();
        var target = upper.Path + "/target";
        File.WriteAllText(target, "untouched");
        Directory.CreateDirectory(upper.Path + "/etc");
        File.CreateSymbolicLink(upper.Path + "/etc/hostname", target);
        File.CreateSymbolicLink(upper.Path + "/etc/hosts", target);

        new HostFiles(new ImageFacts(null, _noFolders)).Write(upper.Path, new HostNames("box", []));

        Assert.Equal("untouched", File.ReadAllText(target));
    }

    [Fact]
    public void Write_KeptFilesOfALongerName_HoldNothingOfIt()
    {
        using var upper = new TemporaryFolder();
        var image = new ImageFacts("127.0.0.1 localhost\n", _noFolders);
        new HostFiles(image).Write(upper.Path, new HostNames("a-much-longer-name", ["10.0.2.3", "10.0.2.4"]));

        new HostFiles(image).Write(upper.Path, new HostNames("box", ["10.0.2.3"]));

        Assert.Equal("box\n", File.ReadAllText(upper.Path + "/etc/hostname"));
        Assert.Equal("127.0.0.1 localhost\n127.0.1.1\tbox\n", File.ReadAllText(upper.Path + "/etc/hosts"));
        Assert.Equal("nameserver 10.0.2.3\n", File.ReadAllText(upper.Path + "/etc/resolv.conf"));
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("mags-agent-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
