namespace Mags.Server.Tests.Fixtures;

/// <summary>Images as the catalog finds them.</summary>
internal static class Images
{
    public static void Add(string home, string name)
    {
        var folder = Path.Combine(home, "images");
        Directory.CreateDirectory(folder);
        var digest = new string('a', 64);
        File.WriteAllText(Path.Combine(folder, $"sha256-{digest}.squashfs"), "");
        File.WriteAllText(
            Path.Combine(folder, $"{name}.json"),
            $$"""
            {"name": "{{name}}", "digest": "sha256:{{digest}}", "size": 1234, "built_at": "2026-03-01T12:00:00Z",
             "build_seconds": 5.5}
            """);
    }
}
