using System.Runtime.InteropServices;

namespace Mags.Jail.Native;

/// <summary>A null-terminated array of UTF-8 strings, as <c>argv</c> is.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly int _count;

    internal NativeStrings(string[] strings)
    {
        _count = strings.Length;
        Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < _count; i++)
        {
            Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
        }
    }

    internal byte** Pointer { get; private set; }

    public void Dispose()
    {
        for (var i = 0; i < _count && Pointer != null; i++)
        {
            Marshal.FreeCoTaskMem((nint)Pointer[i]);
        }

        NativeMemory.Free(Pointer);
        Pointer = null;
    }
}
