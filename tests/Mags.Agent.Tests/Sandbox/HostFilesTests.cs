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

        HostFiles.Write(upper.Path, new ImageFacts("127.0.0.1 localhost\n", _noFolders), new HostNames("box", []));

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

        HostFiles.Write(upper.Path, new ImageFacts(null, _noFolders), new HostNames("box", []));

        Assert.Equal("untouched", File.ReadAllText(target));
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("mags-agent-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
