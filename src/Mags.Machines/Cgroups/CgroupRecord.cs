namespace Mags.Machines.Cgroups;

/// <summary>
/// Which parent cgroups this home has had. In version 1 they depend on where the server was started from, and a later
/// server, started from elsewhere, would not find them.
/// </summary>
internal sealed class CgroupRecord(HomeFolders folders)
{
    /// <summary>The parents that are known.</summary>
    internal IReadOnlyList<string> Read() =>
        File.Exists(folders.CgroupRecord) ? File.ReadAllLines(folders.CgroupRecord) : [];

    /// <summary>Adds a parent before it is made.</summary>
    internal void Add(string parent)
    {
        if (!Read().Contains(parent))
        {
            _ = Directory.CreateDirectory(folders.Home);
            File.AppendAllLines(folders.CgroupRecord, [parent]);
        }
    }

    /// <summary>Keeps only what still exists.</summary>
    internal void Prune()
    {
        if (File.Exists(folders.CgroupRecord))
        {
            File.WriteAllLines(folders.CgroupRecord, Read().Where(Directory.Exists).ToList());
        }
    }
}
