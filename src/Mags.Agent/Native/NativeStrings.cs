using System.Runtime.InteropServices;
using System.Text;

namespace Mags.Agent.Native;

/// <summary>A null-terminated array of C strings in unmanaged memory, such as an argv.</summary>
/// <remarks>Sound: one block, sized before it is filled; it lives until disposed.</remarks>
internal sealed unsafe class NativeStrings : IDisposable
{
    private byte** _block;

    public NativeStrings(IReadOnlyList<string> values)
    {
        var size = (values.Count + 1) * sizeof(byte*);
        foreach (var value in values)
        {
            size += Encoding.UTF8.GetByteCount(value) + 1;
        }

        _block = (byte**)NativeMemory.Alloc((nuint)size);
        var text = (byte*)(_block + values.Count + 1);
        var end = (byte*)_block + size;
        for (var i = 0; i < values.Count; i++)
        {
            _block[i] = text;
            text += Encoding.UTF8.GetBytes(values[i], new Span<byte>(text, (int)(end - text)));
            *text++ = 0;
        }

        _block[values.Count] = null;
    }

    public byte** Pointer => _block;

    public void Dispose()
    {
        NativeMemory.Free(_block);
        _block = null;
    }
}
