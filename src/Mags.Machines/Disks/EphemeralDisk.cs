using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Disks;

/// <summary>
/// The writable disk of a machine that keeps nothing: an own empty layer over a shared blank. The layer's file lies in
/// the machine's folder and goes with it. The handles are for the start of QEMU, which has its own from then on.
/// </summary>
internal sealed class EphemeralDisk : IDisposable
{
    private EphemeralDisk(BlankDisk blank, string path)
    {
        Blank = File.OpenHandle(blank.Path);
        Layer = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        SizeBytes = blank.SizeBytes;
    }

    /// <summary>The blank, open for reading.</summary>
    internal SafeFileHandle Blank { get; }

    /// <summary>The layer, open for writing.</summary>
    internal SafeFileHandle Layer { get; }

    /// <summary>Size as the guest sees it.</summary>
    internal long SizeBytes { get; }

    /// <summary>Makes the layer. A copy of some 200 KB; a process that makes one takes twenty times as long.</summary>
    internal static EphemeralDisk Create(BlankDisk blank, string path)
    {
        File.Copy(blank.LayerTemplate, path);
        return new EphemeralDisk(blank, path);
    }

    public void Dispose()
    {
        Blank.Dispose();
        Layer.Dispose();
    }
}
