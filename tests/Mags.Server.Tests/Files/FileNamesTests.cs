using Mags.Server.Files;

namespace Mags.Server.Tests.Files;

/// <summary>What is left of the names that clients give.</summary>
public sealed class FileNamesTests
{
    [Theory]
    [InlineData("data.csv", "data.csv")]
    [InlineData("/etc/passwd", "passwd")]
    [InlineData("../../etc/shadow", "shadow")]
    [InlineData(@"C:\Users\ada\grüße 1.txt", "grüße 1.txt")]
    [InlineData(@"mixed/..\x", "x")]
    [InlineData(".profile", ".profile")]
    [InlineData("...", "...")]
    [InlineData("-rf *", "-rf *")]
    public void ToPlain_APath_IsItsLastPart(string given, string name)
    {
        Assert.Equal((name, null), FileNames.ToPlain(given));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/")]
    [InlineData(@"a\")]
    [InlineData("a/..")]
    [InlineData("nul\0")]
    [InlineData("line\nbreak")]
    [InlineData("\u0085")]
    public void ToPlain_NoName_IsRefused(string given)
    {
        var (name, fault) = FileNames.ToPlain(given);

        Assert.Null(name);
        Assert.StartsWith("its file name must ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void ToPlain_LongerThanAFileSystemTakes_IsRefusedByItsBytes()
    {
        var longest = new string('ü', 127) + "x";

        Assert.Equal((longest, null), FileNames.ToPlain(longest));
        Assert.Equal((null, "its file name is 256 bytes long; the limit is 255 bytes"), FileNames.ToPlain(longest + "x"));
    }
}
