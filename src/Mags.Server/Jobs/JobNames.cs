using System.Security.Cryptography;

namespace Mags.Server.Jobs;

/// <summary>Makes up names for jobs that were given none: short, readable, hardly ever the same.</summary>
internal static class JobNames
{
    private static readonly string[] _adjectives =
    [
        "amber", "bold", "brave", "bright", "calm", "clear", "clever", "cool", "eager", "fair", "fast", "fresh", "gentle",
        "glad", "golden", "grand", "green", "happy", "keen", "kind", "light", "lively", "lucky", "mellow", "merry",
        "neat", "noble", "proud", "quick", "quiet", "rapid", "silver", "smart", "steady", "sunny", "swift", "tidy",
        "vivid", "warm", "wise",
    ];

    private static readonly string[] _nouns =
    [
        "acorn", "badger", "beacon", "birch", "brook", "cedar", "cliff", "cloud", "comet", "crane", "delta", "eagle",
        "ember", "falcon", "fern", "finch", "fjord", "forest", "fox", "glade", "harbor", "heron", "island", "lake",
        "lark", "maple", "meadow", "moon", "oak", "otter", "pine", "rain", "raven", "river", "robin", "sparrow",
        "star", "stone", "willow", "wind",
    ];

    public static string New() =>
        $"{Pick(_adjectives)}-{Pick(_nouns)}-{RandomNumberGenerator.GetHexString(4, lowercase: true)}";

    private static string Pick(string[] words) => words[RandomNumberGenerator.GetInt32(words.Length)];
}
