using System.Globalization;
using System.Text;

namespace Mags.Machines.Kernel;

/// <summary>
/// Writes a cpio archive in the <c>newc</c> format that the kernel unpacks as its initramfs (see Linux's
/// <c>Documentation/driver-api/early-userspace/buffer-format.rst</c>). Owner and times are always 0, so that the same
/// content gives the same bytes.
/// </summary>
internal sealed class CpioWriter(Stream output)
{
    private const uint RegularFile = 0x8000;
    private const uint Folder = 0x4000;

    private uint _inode;

    /// <summary>Adds a folder; its parent must have been added before.</summary>
    public void AddFolder(string path, int mode = 0x1ed) => Add(path, Folder | (uint)mode, []);

    /// <summary>Adds a file; its folder must have been added before.</summary>
    public void AddFile(string path, ReadOnlySpan<byte> content, int mode = 0x1a4) =>
        Add(path, RegularFile | (uint)mode, content);

    /// <summary>Ends the archive; nothing may be added after.</summary>
    public void Finish() => Add("TRAILER!!!", 0, []);

    private void Add(string path, uint mode, ReadOnlySpan<byte> content)
    {
        var name = Encoding.UTF8.GetBytes(path);
        var links = (mode & Folder) != 0 ? 2u : 1u;
        uint[] fields =
        [
            ++_inode, mode, 0, 0, links, 0, (uint)content.Length, 0, 0, 0, 0, (uint)name.Length + 1, 0,
        ];
        output.Write("070701"u8);
        foreach (var field in fields)
        {
            output.Write(Encoding.ASCII.GetBytes(field.ToString("X8", CultureInfo.InvariantCulture)));
        }

        const int headerLength = 110;
        output.Write(name);
        output.WriteByte(0);
        Pad(headerLength + name.Length + 1);
        output.Write(content);
        Pad(content.Length);
    }

    private void Pad(int written) => output.Write("\0\0\0"u8[..(-written & 3)]);
}
