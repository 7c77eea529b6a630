using Mags.Cli.Tests.Fakes;
using Mags.Client.Tests.Fakes;

namespace Mags.Cli.Tests.Commands.Images;

public sealed class ImageListCommandTests
{
    [Fact]
    public async Task List_Images_ShowsDigestSizeAndBuildTime()
    {
        await using var server = await ServerDouble.StartAsync();
        using var cli = CliHarness.For(server);

        var result = await cli.RunAsync("image", "list");

        Assert.Equal(
            """
            NAME    DIGEST               SIZE      BUILT      TOOK    DEFAULT
            debian  sha256:0123456789ab  85.0 MiB  2 min ago  41.5 s  yes

            """,
            result.Out);
    }

    [Fact]
    public async Task List_AsJson_IsTheAnswer()
    {
        await using var server = await ServerDouble.StartAsync();
        using var cli = CliHarness.For(server);

        var result = await cli.RunAsync("image", "list", "--json");

        Assert.Equal(
            """{"images":[{"name":"debian","digest":"sha256:0123456789abcdef0123456789abcdef","size_bytes":89128960,"built_at":"2026-01-02T03:04:05.000000Z","build_seconds":41.5,"default":true}],"total":1}""" + "\n",
            result.Out);
    }
}
