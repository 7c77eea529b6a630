using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.OpenApi;

public sealed class OpenApiTests(SharedServer shared)
{
    /// <summary>A change of the API shows in the diff of this file: copy what the test wrote over it when it is meant.</summary>
    [Fact]
    public async Task Document_OfThisServer_IsTheOneInTheRepository()
    {
        var cancelled = TestContext.Current.CancellationToken;
        using var http = new HttpClient();
        var actual = await http.GetStringAsync(new Uri($"{shared.Server.Url}/openapi/v1.json"), cancelled);
        var root = Root(AppContext.BaseDirectory);
        var written = Path.Combine(root, "artifacts", "openapi.json");
        await File.WriteAllTextAsync(written, actual + "\n", cancelled);

        var kept = await File.ReadAllTextAsync(Path.Combine(root, "spec", "openapi.json"), cancelled);

        Assert.True(kept == actual + "\n", $"the API's description changed: compare spec/openapi.json with {written}");
    }

    private static string Root(string folder) => File.Exists(Path.Combine(folder, "Mags.slnx"))
        ? folder
        : Root(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Mags.slnx was not found"));
}
