using Mags.Agent.Processes;
using Mags.Protocol;

namespace Mags.Agent.Tests.Processes;

public sealed class OutputBufferTests
{
    private readonly OutputBuffer _buffer = new(new OutputBudget(100));

    [Fact]
    public void SpaceFor_NothingAcknowledged_IsFullAtAboutAQuarterMebibyte()
    {
        Fill(_buffer);

        Assert.Equal((4UL + (7 * 32)) * 1024, _buffer.End);
        Assert.Equal(0, _buffer.SpaceFor(OutputStream.Stderr).Length);
    }

    [Fact]
    public void Forget_FullBuffer_MakesRoomAgain()
    {
        Fill(_buffer);
        _buffer.Forget(4 * 1024);

        Assert.Equal(4UL * 1024, _buffer.Start);
        Assert.Equal(32 * 1024, _buffer.SpaceFor(OutputStream.Stdout).Length);
    }

    [Fact]
    public void Forget_MoreThanThereIs_ForgetsAllAndGoesOn()
    {
        Write(OutputStream.Stdout, 1, 2, 3);
        _buffer.Forget(1_000_000);
        Write(OutputStream.Stdout, 4);

        Assert.Equal(3UL, _buffer.Start);
        Assert.True(_buffer.TryGet(3, out var slice));
        Assert.Equal([4], slice.Data.ToArray());
    }

    [Fact]
    public void TryGet_StreamsAlternate_GivesRunsOfOneStreamInOrder()
    {
        Write(OutputStream.Stdout, 1, 2);
        Write(OutputStream.Stderr, 3);
        Write(OutputStream.Stdout, 4);

        Assert.Equal(
            [(OutputStream.Stdout, 0UL, "01-02"), (OutputStream.Stderr, 2UL, "03"), (OutputStream.Stdout, 3UL, "04")],
            Slices(0));
        Assert.Equal(
            [(OutputStream.Stdout, 1UL, "02"), (OutputStream.Stderr, 2UL, "03"), (OutputStream.Stdout, 3UL, "04")],
            Slices(1));
    }

    [Fact]
    public void SpaceFor_StreamsAlternateByteByByte_IsBoundedToo()
    {
        var count = 0;
        while (count < 100_000 && !_buffer.SpaceFor(StreamOf(count)).IsEmpty)
        {
            Write(StreamOf(count++), 7);
        }

        Assert.Equal(8 * 1024, count);
    }

    [Fact]
    public void SpaceFor_BudgetUsedUp_StillGrantsASmallBlock()
    {
        var budget = new OutputBudget(7);
        var greedy = new OutputBuffer(budget);
        var modest = new OutputBuffer(budget);
        Fill(greedy);
        Fill(modest);
        Assert.Equal(4UL * 1024, modest.End);
        modest.Forget(modest.End);
        Assert.Equal(4 * 1024, modest.SpaceFor(OutputStream.Stdout).Length);

        greedy.Release();
        modest.Append(OutputStream.Stdout, 4 * 1024);
        Assert.Equal(32 * 1024, modest.SpaceFor(OutputStream.Stdout).Length);
    }

    private static OutputStream StreamOf(int index) => index % 2 == 0 ? OutputStream.Stdout : OutputStream.Stderr;

    private static void Fill(OutputBuffer buffer)
    {
        for (var space = buffer.SpaceFor(OutputStream.Stdout); !space.IsEmpty; space = buffer.SpaceFor(OutputStream.Stdout))
        {
            buffer.Append(OutputStream.Stdout, space.Length);
        }
    }

    private void Write(OutputStream stream, params byte[] bytes)
    {
        bytes.CopyTo(_buffer.SpaceFor(stream));
        _buffer.Append(stream, bytes.Length);
    }

    private List<(OutputStream Stream, ulong Offset, string Data)> Slices(ulong offset)
    {
        var slices = new List<(OutputStream Stream, ulong Offset, string Data)>();
        while (_buffer.TryGet(offset, out var slice))
        {
            slices.Add((slice.Stream, slice.Offset, BitConverter.ToString(slice.Data.ToArray())));
            offset += (ulong)slice.Data.Length;
        }

        return slices;
    }
}
