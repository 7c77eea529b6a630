using Mags.Machines.Native;

namespace Mags.Machines.Tools;

/// <summary>Files that are there complete or not at all, whenever the writer is cut off.</summary>
internal static class DurableFile
{
    /// <summary>Writes <paramref name="content"/> as <paramref name="path"/>, replacing what was there.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllBytes(temporary, content);
            Publish(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Brings a written file to the disk, then gives it its name, replacing what was there.</summary>
    public static void Publish(string temporary, string path)
    {
        Flush(temporary);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Brings a written file to the disk.</summary>
    public static void Flush(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Brings the names in a folder to the disk.</summary>
    public static void FlushFolder(string path)
    {
        using var handle = new FolderHandle(path);
        handle.Flush();
    }

    /// <summary>Deletes a folder with all in it, when it is there.</summary>
    public static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
