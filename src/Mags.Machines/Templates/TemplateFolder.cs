using System.Text.Json;
using Mags.Machines.Native;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Templates;

/// <summary>
/// A template on disk: <c>state</c>, <c>memory</c> (sparse) and <c>template.json</c>. It has its name only once it is
/// complete and written through.
/// </summary>
internal static class TemplateFolder
{
    internal const string StateFile = "state";
    private const string MemoryFileName = "memory";
    private const string MetaFile = "template.json";

    /// <summary>Loads a template, or answers null when it is not there or not whole.</summary>
    internal static Template? Load(string folder, TemplateRecipe recipe)
    {
        var meta = ReadMeta(folder);
        var memory = Path.Combine(folder, MemoryFileName);
        if (meta is null || !File.Exists(memory) || new FileInfo(memory).Length != (long)recipe.Size.MemoryMib << 20)
        {
            return null;
        }

        return new Template(
            recipe, MemoryFile.CopyOf(memory), MemoryFile.CopyOf(Path.Combine(folder, StateFile)), meta.Generation);
    }

    /// <summary>Adds memory and description to the state in <paramref name="making"/> and names it.</summary>
    internal static void Complete(string making, string folder, SafeFileHandle memory, TemplateMeta meta)
    {
        using (var file = File.OpenHandle(
            Path.Combine(making, MemoryFileName), FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(file, RandomAccess.GetLength(memory));
            SparseFile.Copy(memory, file);
            RandomAccess.FlushToDisk(file);
        }

        File.WriteAllBytes(
            Path.Combine(making, MetaFile), JsonSerializer.SerializeToUtf8Bytes(meta, JsonSerializerOptions.Web));
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.Move(making, folder);
    }

    /// <summary>The description of the template in a folder; null when there is none.</summary>
    internal static TemplateMeta? ReadMeta(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<TemplateMeta>(
                File.ReadAllBytes(Path.Combine(folder, MetaFile)), JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>What <c>template.json</c> says.</summary>
/// <param name="Image">Digest of the image.</param>
/// <param name="Vcpus">Its processors.</param>
/// <param name="MemoryMib">Its memory.</param>
/// <param name="Generation">Protocol generation of its agent.</param>
/// <param name="BootMilliseconds">How long its boot and saving took.</param>
internal sealed record TemplateMeta(string Image, int Vcpus, int MemoryMib, uint Generation, double BootMilliseconds);
