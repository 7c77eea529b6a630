using System.Runtime.InteropServices;

namespace Mags.Cli.Native;

/// <summary>A null-terminated array of C strings, as argv and envp are.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly nint[] _strings;
    private readonly nint* _array;

    public NativeStrings(IEnumerable<string> values)
    {
        _strings = [.. values.Select(Marshal.StringToCoTaskMemUTF8)];
        _array = (nint*)NativeMemory.AllocZeroed((nuint)_strings.Length + 1, (nuint)sizeof(nint));
        for (var i = 0; i < _strings.Length; i++)
        {
            _array[i] = _strings[i];
        }
    }

    public nint Pointer => (nint)_array;

    public void Dispose()
    {
        foreach (var value in _strings)
        {
            Marshal.FreeCoTaskMem(value);
        }

        NativeMemory.Free(_array);
    }
}
