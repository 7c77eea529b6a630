using System.Globalization;

namespace Mags.Machines.Qemu;

/// <summary>A layer that a running QEMU has open: a node of its format over a node of its file.</summary>
/// <param name="Path">Path of its file.</param>
/// <param name="Number">Tells it from all that this QEMU has had open, also from the same file opened before.</param>
/// <param name="IsWritable">Whether QEMU has it open for writing, if only because it was written before.</param>
internal sealed record LayerNode(string Path, int Number, bool IsWritable)
{
    // Beyond those of the command line.
    private const int FirstSet = 16;

    /// <summary>Name of the node of its format.</summary>
    internal string Name => "l" + Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Name of the node of its file.</summary>
    internal string FileName => "f" + Name;

    /// <summary>The set that its file is passed in.</summary>
    internal int Set => FirstSet + Number;
}
