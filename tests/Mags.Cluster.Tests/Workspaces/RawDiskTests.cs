using System.Text;
using Mags.Cluster.Workspaces.Transfers;
using Mags.Machines.Sandboxes;
using Mags.Storage.Snapshots;

namespace Mags.Cluster.Tests.Workspaces;

public sealed class RawDiskTests
{
    private const int Piece = RawDiskWriter.PieceBytes;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void FaultOf_Ext4_IsNone() => Assert.Null(RawDisk.FaultOf(Ext4()));

    [Theory]
    [InlineData("QFI\u00fb", "a qcow2 image, not a raw disk; make it raw first: `qemu-img convert -O raw IN OUT`")]
    [InlineData("KDMV", "a VMDK image")]
    [InlineData("vhdxfile", "a VHDX image")]
    [InlineData("conectix", "a VHD image")]
    [InlineData("\u001f\u008b", "packed with gzip")]
    public void FaultOf_OtherFormatAlsoWithAnExt4Mark_IsSaidWithItsCure(string mark, string fault)
    {
        var head = Ext4();
        Encoding.Latin1.GetBytes(mark).CopyTo(head, 0);

        Assert.StartsWith($"the disk is {fault}", RawDisk.FaultOf(head), StringComparison.Ordinal);
    }

    [Fact]
    public void FaultOf_PartitionTable_SaysSo()
    {
        var head = new byte[RawDisk.HeadBytes];
        (head[510], head[511]) = (0x55, 0xAA);

        Assert.StartsWith("the disk holds a partition table", RawDisk.FaultOf(head), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(RawDisk.HeadBytes)]
    public void FaultOf_NothingKnown_SaysWhatAWorkspaceIs(int length) => Assert.StartsWith(
        "the disk holds no ext4 file system", RawDisk.FaultOf(new byte[length]), StringComparison.Ordinal);

    [Theory]
    [InlineData(262_144, 1)]
    [InlineData(262_145, 2)]
    [InlineData(524_288, 2)]
    [InlineData(0, null)]
    public void GibOf_Blocks_IsWholeGib(int blocks, int? gib)
    {
        var head = Ext4();
        BitConverter.TryWriteBytes(head.AsSpan(1024 + 4), blocks);
        head[1024 + 0x18] = 2;

        Assert.Equal(gib, RawDisk.GibOf(head));
    }

    [Fact]
    public async Task WriteAsync_Image_WritesWhatIsNotZeroAndClearsOnlyWhatIsThere()
    {
        var image = new byte[64 * Piece];
        image.AsSpan(2 * Piece, Piece).Fill(1);
        image[(40 * Piece) + 5] = 2;
        var target = new Target(image.Length);
        target.Fill(0, 3 * Piece);
        target.Fill((50 * Piece) + 100, 200);

        var length = await target.Writer().WriteAsync(new MemoryStream(image), image.Length, _ => { }, Token);

        Assert.Equal(image.Length, length);
        Assert.Equal(image, target.Content);
        Assert.Equal([(2L * Piece, Piece), (40L * Piece, Piece)], target.Written);
        Assert.Equal([(0L, 2L * Piece), ((50L * Piece) + 100, 200L)], target.Cleared);
    }

    [Fact]
    public async Task WriteAsync_ImageThatIsLonger_TellsSoAndWritesNoneOfTheRest()
    {
        var target = new Target(32 * Piece);

        var length = await target.Writer().WriteAsync(
            new MemoryStream([.. new byte[32 * Piece], 1]), 32 * Piece, _ => { }, Token);

        Assert.Equal((32 * Piece) + 1, length);
        Assert.Empty(target.Written);
    }

    [Fact]
    public async Task CopyAsync_Disk_IsAllOfItButItsBootBlock()
    {
        var content = new byte[5 << 20];
        for (var at = 0; at < 3 << 20; at++)
        {
            content[at] = (byte)((at * 31) ^ (at >> 12));
        }

        using var into = new MemoryStream();

        await RawDiskReader.CopyAsync(new Source(content, 3 << 20), into, Token);

        content.AsSpan(0, 1024).Clear();
        Assert.True(content.AsSpan().SequenceEqual(into.ToArray()));
    }

    private static byte[] Ext4()
    {
        var head = new byte[RawDisk.HeadBytes];
        (head[1024 + 0x38], head[1024 + 0x39]) = (0x53, 0xEF);
        return head;
    }

    private sealed class Source(byte[] content, long end) : IDiskSource
    {
        public long SizeBytes => content.Length;

        public async IAsyncEnumerable<DiskExtent> ListAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            yield return new DiskExtent(0, end, IsZero: false);
            yield return new DiskExtent(end, content.Length - end, IsZero: true);
        }

        public Task ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            content.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            return Task.CompletedTask;
        }
    }

    private sealed class Target(int size)
    {
        private readonly List<LayerExtent> _occupied = [];

        public byte[] Content { get; } = new byte[size];

        public List<(long Offset, int Length)> Written { get; } = [];

        public List<(long Offset, long Length)> Cleared { get; } = [];

        public void Fill(int offset, int length)
        {
            Content.AsSpan(offset, length).Fill(9);
            _occupied.Add(new LayerExtent(offset, length, IsZero: false));
        }

        public RawDiskWriter Writer() => new(_occupied, WriteAsync, ZeroAsync);

        private Task WriteAsync(long offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            data.CopyTo(Content.AsMemory((int)offset));
            Written.Add((offset, data.Length));
            return Task.CompletedTask;
        }

        private Task ZeroAsync(long offset, long length, CancellationToken cancellationToken)
        {
            Content.AsSpan((int)offset, (int)length).Clear();
            Cleared.Add((offset, length));
            return Task.CompletedTask;
        }
    }
}
