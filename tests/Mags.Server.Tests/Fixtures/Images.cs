using System.Text.Json;
using Mags.Machines.Images;

namespace Mags.Server.Tests.Fixtures;

/// <summary>Images as the catalog finds them.</summary>
internal static class Images
{
    public static Task AddAsync(string home, string name)
    {
        var folder = Path.Combine(home, "images");
        Directory.CreateDirectory(folder);
        var image = new Image(
            name, $"sha256:{new string('a', 64)}", 1234, new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero),
            TimeSpan.FromSeconds(5.5), Path.Combine(folder, "a.squashfs"));
        return File.WriteAllTextAsync(
            Path.Combine(folder, $"{name}.json"),
            JsonSerializer.Serialize(image),
            TestContext.Current.CancellationToken);
    }
}
