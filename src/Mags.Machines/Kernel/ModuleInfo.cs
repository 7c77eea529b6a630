using System.Buffers.Binary;
using System.Text;

namespace Mags.Machines.Kernel;

/// <summary>
/// What a kernel module says of itself in its ELF section <c>.modinfo</c> (NUL-separated <c>key=value</c> texts; see
/// Linux's <c>include/linux/moduleinfo.h</c>). A kernel package has no <c>modules.dep</c>: that is made on installing.
/// </summary>
internal static class ModuleInfo
{
    /// <summary>Names of the modules that must be loaded before this one.</summary>
    /// <exception cref="InvalidDataException">It is not a 64-bit little-endian ELF file with that section.</exception>
    public static IReadOnlyList<string> ReadDependencies(ReadOnlySpan<byte> module)
    {
        var dependencies = new List<string>();
        foreach (var text in Encoding.UTF8.GetString(ModinfoSection(module)).Split('\0'))
        {
            if (text.StartsWith("depends=", StringComparison.Ordinal))
            {
                dependencies.AddRange(text["depends=".Length..].Split(',', StringSplitOptions.RemoveEmptyEntries));
            }
            else if (text.StartsWith("softdep=pre:", StringComparison.Ordinal))
            {
                dependencies.AddRange(
                    text["softdep=pre:".Length..].Split("post:")[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
        }

        return [.. dependencies.Select(name => name.Replace('-', '_'))];
    }

    private static ReadOnlySpan<byte> ModinfoSection(ReadOnlySpan<byte> module)
    {
        ReadOnlySpan<byte> elf64LittleEndian = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];
        if (module.Length < 64 || !module.StartsWith(elf64LittleEndian))
        {
            throw new InvalidDataException("A kernel module is not a 64-bit little-endian ELF file.");
        }

        // Field offsets are those of Elf64_Ehdr and Elf64_Shdr in the System V ABI.
        var table = (int)BinaryPrimitives.ReadInt64LittleEndian(module[0x28..]);
        var entrySize = BinaryPrimitives.ReadUInt16LittleEndian(module[0x3a..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(module[0x3c..]);
        var namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(module[0x3e..]);
        var names = Section(module, table + (namesIndex * entrySize));
        for (var index = 0; index < count; index++)
        {
            var header = table + (index * entrySize);
            var name = names[BinaryPrimitives.ReadInt32LittleEndian(module[header..])..];
            if (name.StartsWith(".modinfo\0"u8))
            {
                return Section(module, header);
            }
        }

        throw new InvalidDataException("A kernel module has no section .modinfo.");
    }

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> module, int header) => module.Slice(
        (int)BinaryPrimitives.ReadInt64LittleEndian(module[(header + 0x18)..]),
        (int)BinaryPrimitives.ReadInt64LittleEndian(module[(header + 0x20)..]));
}
