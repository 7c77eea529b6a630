using System.Globalization;
using System.Text;
using Mags.Machines.Kernel;

namespace Mags.Machines.Tests.Kernel;

public sealed class CpioWriterTests
{
    private const int HeaderLength = 110;

    [Fact]
    public void Add_FoldersAndFiles_ReadBackAsTheyWere()
    {
        var bytes = Write(cpio =>
        {
            cpio.AddFolder("modules");
            cpio.AddFile("init", "agent"u8, 0x1ed);
            cpio.AddFile("modules/order", "a.ko\n"u8);
        });

        Assert.Equal(
            [
                new Entry("modules", 0x41ed, ""),
                new Entry("init", 0x81ed, "agent"),
                new Entry("modules/order", 0x81a4, "a.ko\n"),
                new Entry("TRAILER!!!", 0, ""),
            ],
            Read(bytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("12")]
    [InlineData("123")]
    [InlineData("1234")]
    public void Add_ContentOfAnyLength_PadsToFourBytes(string content)
    {
        var bytes = Write(cpio => cpio.AddFile("a", Encoding.UTF8.GetBytes(content)));

        Assert.Equal(0, bytes.Length % 4);
        Assert.Equal([new Entry("a", 0x81a4, content), new Entry("TRAILER!!!", 0, "")], Read(bytes));
    }

    [Fact]
    public void Add_SameContentTwice_GivesTheSameBytes()
    {
        static void Content(CpioWriter cpio) => cpio.AddFile("init", "agent"u8, 0x1ed);

        Assert.Equal(Write(Content), Write(Content));
    }

    private static byte[] Write(Action<CpioWriter> add)
    {
        using var stream = new MemoryStream();
        var cpio = new CpioWriter(stream);
        add(cpio);
        cpio.Finish();
        return stream.ToArray();
    }

    internal static List<Entry> Read(byte[] archive)
    {
        var entries = new List<Entry>();
        for (var at = 0; at < archive.Length;)
        {
            Assert.Equal("070701", Encoding.ASCII.GetString(archive, at, 6));
            var size = Field(archive, at, 6);
            var nameSize = Field(archive, at, 11);
            var content = Align(at + HeaderLength + nameSize);
            entries.Add(new Entry(
                Encoding.UTF8.GetString(archive, at + HeaderLength, nameSize - 1),
                Field(archive, at, 1),
                Encoding.UTF8.GetString(archive, content, size)));
            at = Align(content + size);
        }

        return entries;
    }

    private static int Field(byte[] archive, int header, int index) => int.Parse(
        Encoding.ASCII.GetString(archive, header + 6 + (index * 8), 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static int Align(int position) => (position + 3) & ~3;

    internal sealed record Entry(string Name, int Mode, string Content);
}
