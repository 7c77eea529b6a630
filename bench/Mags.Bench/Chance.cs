namespace Mags.Bench;

/// <summary>Choices that are the same for the same seed.</summary>
internal static class Chance
{
    /// <summary>The seed of one of many parts of a run. Not by <see cref="HashCode"/>, which differs from process to process.</summary>
    public static int SeedOf(int seed, int part) => unchecked((seed * 16_777_619) ^ ((part + 1) * 374_761_393));
}
