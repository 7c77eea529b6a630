using System.Buffers.Binary;
using System.Text;
using Mags.Machines.Kernel;

namespace Mags.Machines.Tests.Kernel;

public sealed class ModuleInfoTests
{
    [Fact]
    public void ReadDependencies_ListedOnes_GivesThemInOrder() =>
        Assert.Equal(
            ["net_failover", "virtio"], ModuleInfo.ReadDependencies(Module("license=GPL\0depends=net-failover,virtio\0")));

    [Fact]
    public void ReadDependencies_SoftOnes_TakesThoseBeforeIt() =>
        Assert.Equal(
            ["mbcache", "crc32c"],
            ModuleInfo.ReadDependencies(Module("depends=mbcache\0softdep=pre: crc32c post: later\0")));

    [Fact]
    public void ReadDependencies_None_GivesNone() => Assert.Empty(ModuleInfo.ReadDependencies(Module("depends=\0name=virtio\0")));

    [Fact]
    public void ReadDependencies_NoElfFile_Throws() =>
        Assert.Throws<InvalidDataException>(() => ModuleInfo.ReadDependencies(new byte[100]));

    // An ELF file of a header, three sections (none, names, modinfo) and their table.
    private static byte[] Module(string modinfo)
    {
        const int headerLength = 64, tableEntry = 64;
        var names = Encoding.ASCII.GetBytes("\0.shstrtab\0.modinfo\0");
        var content = Encoding.UTF8.GetBytes(modinfo);
        var table = headerLength + names.Length + content.Length;
        var module = new byte[table + (3 * tableEntry)];
        ((byte[])[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]).CopyTo(module, 0);
        BinaryPrimitives.WriteInt64LittleEndian(module.AsSpan(0x28), table);
        BinaryPrimitives.WriteUInt16LittleEndian(module.AsSpan(0x3a), tableEntry);
        BinaryPrimitives.WriteUInt16LittleEndian(module.AsSpan(0x3c), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(module.AsSpan(0x3e), 1);
        names.CopyTo(module, headerLength);
        content.CopyTo(module, headerLength + names.Length);
        Section(1, 1, headerLength, names.Length);
        Section(2, 11, headerLength + names.Length, content.Length);
        return module;

        void Section(int index, int name, int offset, int size)
        {
            var header = module.AsSpan(table + (index * tableEntry));
            BinaryPrimitives.WriteInt32LittleEndian(header, name);
            BinaryPrimitives.WriteInt64LittleEndian(header[0x18..], offset);
            BinaryPrimitives.WriteInt64LittleEndian(header[0x20..], size);
        }
    }
}
