using System.Runtime.InteropServices;

namespace Mags.Machines.Native;

/// <summary>
/// The open files that a child inherits, numbered from 3 in the order they were added. Everything else this process has
/// open is close-on-exec. The map does not own the handles; they must stay open until the child is started.
/// </summary>
internal sealed class FdMap
{
    internal const int First = 3;

    private readonly List<SafeHandle> _handles = [];

    internal IReadOnlyList<SafeHandle> Handles => _handles;

    /// <summary>Adds a file and returns its number in the child.</summary>
    internal int Add(SafeHandle handle)
    {
        _handles.Add(handle);
        return First + _handles.Count - 1;
    }
}
