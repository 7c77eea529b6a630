using Mags.Machines.Images;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Tests.Images;

public sealed class ImageCatalogTests : IDisposable
{
    private static readonly string _digest = $"sha256:{new string('a', 64)}";

    private readonly TemporaryFolder _folder = new();
    private readonly ImageCatalog _catalog;

    public ImageCatalogTests() => _catalog = new ImageCatalog(Options.Create(new MachinesOptions { Home = _folder }));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void List_NoImagesYet_IsEmpty() => Assert.Empty(_catalog.List());

    [Fact]
    public void Add_FinishedFile_IsFoundByName()
    {
        var added = Add("debian", _digest, "content");

        Assert.Equal(
            new Image(
                "debian", _digest, 7, DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(1.5),
                Path.Combine(_folder, "images", $"sha256-{new string('a', 64)}.squashfs")),
            added);
        Assert.Equal(added, _catalog.Find("debian"));
        Assert.Equal([added], _catalog.List());
    }

    [Fact]
    public void Add_NameThatIsTaken_MeansTheNewFileAndKeepsTheOld()
    {
        var old = Add("debian", _digest, "content");
        var newer = Add("debian", $"sha256:{new string('b', 64)}", "another");

        Assert.Equal(newer, _catalog.Find("debian"));
        Assert.Equal("content", File.ReadAllText(old.Path));
        Assert.True(_catalog.Contains(old.Digest));
        Assert.False(_catalog.Contains($"sha256:{new string('c', 64)}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"name": "broken", "digest": null}""")]
    [InlineData("""{"name": "broken", "digest": "sha256:../../etc/passwd"}""")]
    [InlineData("""{"name": "other", "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""")]
    public void List_BrokenEntry_LeavesItOutAndKeepsTheRest(string json)
    {
        var good = Add("debian", _digest, "content");
        File.WriteAllText(Path.Combine(_folder, "images", "broken.json"), json);

        Assert.Equal([good], _catalog.List());
        Assert.Null(_catalog.Find("broken"));
    }

    [Fact]
    public void Find_FileThatIsGone_IsNull()
    {
        File.Delete(Add("debian", _digest, "content").Path);

        Assert.Null(_catalog.Find("debian"));
    }

    [Theory]
    [InlineData("../debian")]
    [InlineData("")]
    [InlineData("Debian")]
    [InlineData(".debian")]
    [InlineData("a/b")]
    public void Find_NoName_IsNull(string name) => Assert.Null(_catalog.Find(name));

    private Image Add(string name, string digest, string content)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "images"));
        var squashfs = _folder.File("new.squashfs");
        File.WriteAllText(squashfs, content);
        return _catalog.Add(
            squashfs, new ImageRecord(name, digest, content.Length, DateTimeOffset.UnixEpoch, 1.5, "sha256:recipe"));
    }
}
