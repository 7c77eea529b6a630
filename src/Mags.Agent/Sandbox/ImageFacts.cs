using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>What a claim needs to know of the image, read once for all clones.</summary>
/// <param name="Hosts">Its /etc/hosts; null when it has none.</param>
/// <param name="Folders">Which of the folders that a sandbox needs it has.</param>
internal sealed record ImageFacts(string? Hosts, IReadOnlySet<string> Folders)
{
    private const uint OwnerOnly = 0b111_000_000;
    private const string Root = "root";

    private static readonly string[] _needed = [Root, "proc", "sys", "dev", "run", "tmp"];

    public static ImageFacts Read(string image) => new(
        FileSystem.TryRead(image + "/etc/hosts"),
        _needed.Where(folder => NativeMethods.Access($"{image}/{folder}/", 0) == 0).ToHashSet());

    /// <summary>Adds the folders that the image lacks, below the overlay, where it costs least.</summary>
    public void AddMissing(string upper, IEnumerable<string> mountPoints)
    {
        foreach (var folder in mountPoints)
        {
            if (!Folders.Contains(folder))
            {
                FileSystem.MakeFolder($"{upper}/{folder}");
            }
        }

        if (!Folders.Contains(Root))
        {
            FileSystem.MakeFolder($"{upper}/{Root}", OwnerOnly);
        }

        if (!Folders.Contains("tmp"))
        {
            FileSystem.MakeFolder($"{upper}/tmp");
            _ = NativeMethods.ChangeMode($"{upper}/tmp", 0b001_111_111_111);
        }
    }
}
