using System.Text;
using Mags.Cluster.Jobs.Logs;

namespace Mags.Cluster.Tests.Jobs.Logs;

public sealed class LineSplitterTests
{
    private readonly List<byte[]> _lines = [];
    private readonly LineSplitter _splitter;

    public LineSplitterTests()
    {
        _splitter = new LineSplitter(8, line => _lines.Add(line.ToArray()));
    }

    private List<string> Texts => [.. _lines.Select(Encoding.UTF8.GetString)];

    [Fact]
    public void Push_SeveralLines_CutsAtNewlinesOnly()
    {
        Push("a\n\nb\r\n");

        Assert.Equal(["a", "", "b\r"], Texts);
    }

    [Fact]
    public void Push_LineInPieces_JoinsThem()
    {
        Push("ab");
        Push("cd");
        Push("e\nf");
        Assert.Equal(["abcde"], Texts);

        _splitter.Flush();
        Assert.Equal(["abcde", "f"], Texts);
    }

    [Fact]
    public void Push_LineOfTheLimit_StaysWhole()
    {
        Push("12345678\n");
        Push("1234");
        Push("5678");
        Push("\n");

        Assert.Equal(["12345678", "12345678"], Texts);
    }

    [Fact]
    public void Push_LongLine_IsSplitAtTheLimit()
    {
        Push("12345678" + "abcdefgh" + "x\n" + "y\n");

        Assert.Equal(["12345678", "abcdefgh", "x", "y"], Texts);
    }

    [Fact]
    public void Push_LongLineOfWideCharacters_IsSplitBetweenThem()
    {
        Push("€€€€\n");

        Assert.Equal(["€€", "€€"], Texts);
    }

    [Fact]
    public void Push_LongBinaryLine_LosesNoByte()
    {
        var bytes = Enumerable.Range(0, 1000).Select(i => (byte)(i * 7)).Where(b => b != (byte)'\n').ToArray();

        _splitter.Push(bytes);
        _splitter.Flush();

        Assert.Equal(bytes, _lines.SelectMany(line => line));
        Assert.All(_lines, line => Assert.InRange(line.Length, 1, 8));
    }

    [Fact]
    public void Flush_NothingLeft_AddsNoLine()
    {
        Push("a\n");
        _splitter.Flush();

        Assert.Equal(["a"], Texts);
    }

    private void Push(string text) => _splitter.Push(Encoding.UTF8.GetBytes(text));
}
