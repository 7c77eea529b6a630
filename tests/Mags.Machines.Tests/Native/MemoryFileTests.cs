using Mags.Machines.Native;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Native;

public sealed class MemoryFileTests
{
    private const int Page = 4096;

    [Fact]
    public void Seal_Sealed_RefusesWritesAndNewSizes()
    {
        using var memory = MemoryFile.Create("test", Page);
        MemoryFile.Seal(memory);

        Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.Write(memory, [1], 0));
        Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.SetLength(memory, 2 * Page));
    }

    [Fact]
    public void DropZeroPages_PagesOfZerosAmongOthers_KeepsContentAndFreesThem()
    {
        using var memory = MemoryFile.Create("test", 8 * Page);
        RandomAccess.Write(memory, new byte[8 * Page], 0);
        RandomAccess.Write(memory, [7], (2 * Page) + 5);
        RandomAccess.Write(memory, [9], (5 * Page) + (Page - 1));

        MemoryFile.DropZeroPages(memory);

        Assert.Equal([(2 * Page, 3 * Page), (5 * Page, 6 * Page)], SparseFile.DataRanges(memory));
        var content = new byte[8 * Page];
        RandomAccess.Read(memory, content, 0);
        Assert.Equal((7, 9), (content[(2 * Page) + 5], content[(6 * Page) - 1]));
        Assert.Equal(2, content.Count(b => b != 0));
    }

    [Fact]
    public void CopyOf_FileWithHoles_IsEqualAndAsSparse()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.OpenHandle(folder.File("f"), FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(file, 16 * Page);
            RandomAccess.Write(file, "content"u8, 8 * Page);
        }

        using var copy = MemoryFile.CopyOf(folder.File("f"));

        Assert.Equal([(8 * Page, 9 * Page)], SparseFile.DataRanges(copy));
        var content = new byte[16 * Page];
        Assert.Equal(content.Length, RandomAccess.Read(copy, content, 0));
        Assert.Equal(File.ReadAllBytes(folder.File("f")), content);
    }
}
