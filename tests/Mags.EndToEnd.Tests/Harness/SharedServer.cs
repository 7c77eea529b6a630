using Mags.EndToEnd.Tests.Harness;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>One server for all tests that do not need one of their own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public MagsServer Server { get; private set; } = null!;

    public MagsApi Api => Server.Api;

    public string Home => Server.Home;

    /// <summary>Prepares what a first start makes (kernel, images, template) and starts.</summary>
    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Installation.SeedHome);
        await OutsideWorld.EnsureAsync();
        await File.WriteAllTextAsync(
            Path.Combine(Installation.SeedHome, "config.json"), $$"""{"Network": {{OutsideWorld.Setting}}}""");
        var hello = await Command.RunAsync(
            Installation.Mags,
            ["run", "echo Hello World"],
            new() { ["MAGS_HOME"] = Installation.SeedHome, ["MAGS_LISTEN"] = "http://127.0.0.1:0" });
        Assert.True(hello.ExitCode == 0, $"./mags run: {hello.Stderr}");
        Assert.Equal("Hello World\n", hello.Stdout);
        await EnsureAlpineAsync();
        await Command.MagsAsync(Installation.SeedHome, "server", "stop");

        Server = await MagsServer.StartNewAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await OutsideWorld.RemoveAsync();
    }

    /// <summary>Has an image of Alpine and its template in the prepared home, where the root for it is at hand.</summary>
    private static async Task EnsureAlpineAsync()
    {
        if (Installation.AlpineRoot is not { } root)
        {
            return;
        }

        if (!File.Exists(Path.Combine(Installation.SeedHome, "images", "alpine.json")))
        {
            var build = await Command.MagsAsync(Installation.SeedHome, "image", "build", "alpine", "--rootfs", root);
            Assert.True(build.ExitCode == 0, build.Stderr);
        }

        var run = await Command.MagsAsync(Installation.SeedHome, "run", "--image", "alpine", "true");
        Assert.True(run.ExitCode == 0, run.Stderr);
    }
}
