using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Sandboxes;

public sealed class MachineFolderTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly MachineFolder _folder;

    public MachineFolderTests() => _folder = new MachineFolder(_root.AsHome());

    public void Dispose()
    {
        _folder.Dispose();
        _root.Dispose();
    }

    [Fact]
    public void LastError_OfSeveralLines_IsTheLast()
    {
        File.WriteAllText(_folder.ErrorPath, "first\nqemu: no such disk\n\n");

        Assert.Equal("qemu: no such disk", _folder.LastError());
    }

    // Whoever has taken QEMU over writes what he likes, and as much as a disk holds.
    [Fact]
    public void LastError_OfAnEnormousFile_IsOneShortLineReadFromItsEnd()
    {
        using (var log = new FileStream(_folder.ErrorPath, FileMode.CreateNew))
        {
            log.SetLength(8L << 30);
            log.Position = log.Length;
            log.Write("\u001b[31m"u8);
            log.Write(new byte[4000].Select(_ => (byte)'x').ToArray());
        }

        var said = _folder.LastError();

        Assert.InRange(said.Length, 1, 1000);
        Assert.DoesNotContain(said, char.IsControl);
    }
}
