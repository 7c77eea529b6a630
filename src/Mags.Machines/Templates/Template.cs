using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Templates;

/// <summary>
/// A saved guest, ready to be restored any number of times. Both parts are in memory and sealed: no clone can alter them,
/// and nothing that happens to the files of the template pulls them apart.
/// </summary>
/// <param name="Recipe">What it was made from.</param>
/// <param name="Memory">The guest's memory; clones map it privately and share what they do not change.</param>
/// <param name="State">The state of its devices.</param>
/// <param name="Generation">Protocol generation of its agent.</param>
internal sealed record Template(
    TemplateRecipe Recipe, SafeFileHandle Memory, SafeFileHandle State, uint Generation)
{
    /// <summary>Opens the state with a position of its own, for one reader.</summary>
    internal SafeFileHandle OpenState() => File.OpenHandle($"/proc/self/fd/{State.DangerousGetHandle()}");

    /// <summary>Gives both parts back; running clones keep what they have mapped.</summary>
    internal void Close()
    {
        Memory.Dispose();
        State.Dispose();
    }
}
