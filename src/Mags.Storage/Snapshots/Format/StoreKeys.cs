using System.Text;

namespace Mags.Storage.Snapshots.Format;

/// <summary>Keys of what the store holds.</summary>
internal static class StoreKeys
{
    public const string Packs = "packs/";
    public const string Snapshots = "snapshots/";
    public const string Heads = "heads/";
    public const string Images = "images/";
    // What trying out conditional writes left when it was cut off.
    public const string Probes = "probe/";
    public const string Sweeps = "sweeps/";

    public static string Pack(Guid id)
    {
        var name = id.ToString("N");
        return $"{Packs}{name[..2]}/{name}";
    }

    /// <summary>Null for what is no id of a snapshot.</summary>
    public static string? Snapshot(string id) =>
        id.Length == 64 && id.All(char.IsAsciiHexDigitLower) ? $"{Snapshots}{id[..2]}/{id}" : null;

    /// <summary>Names may hold what a key may not, and need not be the same in lower case: so their bytes are shown.</summary>
    public static string Head(string user, string workspace) => $"{Heads}{Hex(user)}/{Hex(workspace)}.json";

    private static string Hex(string name) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(name));
}
