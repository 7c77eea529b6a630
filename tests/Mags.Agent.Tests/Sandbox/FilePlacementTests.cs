using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using Mags.Agent.Sandbox;

namespace Mags.Agent.Tests.Sandbox;

/// <summary>What is in a folder after files were placed in it, whatever was there before.</summary>
[SupportedOSPlatform("linux")]
public sealed class FilePlacementTests : IDisposable
{
    private readonly string _outside = Directory.CreateTempSubdirectory("mags-agent-").FullName;

    private string Folder => _outside + "/root";

    public void Dispose() => Directory.Delete(_outside, recursive: true);

    [Fact]
    public void End_SeveralFiles_AreThereWithTheirContentAndMode()
    {
        var placed = Place(("a", "one"), ("b", ""), ("a", "three"));

        Assert.Equal(["b", "a"], placed);
        Assert.Equal(("three", ""), (Read("a"), Read("b")));
        Assert.Equal(2, Directory.GetFileSystemEntries(Folder).Length);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            File.GetUnixFileMode(Folder + "/a"));
    }

    [Theory]
    [InlineData("target")]
    [InlineData("nowhere")]
    [InlineData("a")]
    public void End_LinkOfItsName_IsReplacedAndNotFollowed(string target)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(_outside + "/target", "untouched");
        File.CreateSymbolicLink(Folder + "/a", "../" + target);
        File.CreateSymbolicLink(Folder + "/.mags-upload", "../" + target);

        Place(("a", "mine"));

        Assert.Null(new FileInfo(Folder + "/a").LinkTarget);
        Assert.Equal(("mine", "untouched"), (Read("a"), File.ReadAllText(_outside + "/target")));
        Assert.Equal(["root", "target"], Directory.GetFileSystemEntries(_outside).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void End_HardLinkOfItsName_LeavesTheOtherNameAsItWas()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Folder + "/a", "before");
        using (var link = Process.Start("ln", [Folder + "/a", Folder + "/other"]))
        {
            link.WaitForExit();
        }

        Place(("a", "after"));

        Assert.Equal(("after", "before"), (Read("a"), Read("other")));
    }

    [Fact]
    public void End_FolderOfItsName_IsAFaultThatNamesItAndLeavesNothing()
    {
        Directory.CreateDirectory(Folder + "/a");

        var fault = Assert.ThrowsAny<IOException>(() => Place(("a", "mine")));

        Assert.Equal("put in place a: is a directory", fault.Message);
        Assert.Equal([Folder + "/a"], Directory.GetFileSystemEntries(Folder));
    }

    [Fact]
    public void Dispose_FileWithoutItsEnd_LeavesWhatWasThere()
    {
        Place(("a", "before"));

        using (var placement = new FilePlacement(Folder))
        {
            placement.Begin("a");
            placement.Write("half"u8);
        }

        Assert.Equal("before", Read("a"));
        Assert.Single(Directory.GetFileSystemEntries(Folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../a")]
    [InlineData("a\0b")]
    public void Begin_NoPlainName_IsRefused(string name)
    {
        using var placement = new FilePlacement(Folder);

        Assert.Throws<IOException>(() => placement.Begin(name));
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
    }

    private IReadOnlyList<string> Place(params (string Name, string Text)[] files)
    {
        using var placement = new FilePlacement(Folder);
        foreach (var (name, text) in files)
        {
            placement.Begin(name);
            placement.Write(Encoding.UTF8.GetBytes(text));
            placement.End();
        }

        return placement.Placed;
    }

    private string Read(string name) => File.ReadAllText($"{Folder}/{name}");
}
