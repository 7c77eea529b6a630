using System.Net;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Files;

/// <summary>Runs alone: allocations are counted for the whole process.</summary>
[Collection(Alone)]
public sealed class UploadMemoryTests
{
    private const string Alone = nameof(UploadMemoryTests);
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task Post_AHundredMegabytes_TakesLittleMemory()
    {
        await using var server = await RunningServer.StartAsync();
        await server.UploadAsync("first", "what the first one costs alone");
        var path = Path.Combine(server.Home, "big");
        await using (var big = File.Create(path))
        {
            big.SetLength(100 * Megabyte);
        }

        await using var file = File.OpenRead(path);
        using var content = new StreamContent(file);
        using var form = new MultipartFormDataContent { { content, "file", "big" } };
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var answer = await server.PostFormAsync(form);

        Assert.Equal((HttpStatusCode.Created, 100 * Megabyte), (answer.Status, answer.Number("size")));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 16 * Megabyte);
    }

    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class Definition;
}
