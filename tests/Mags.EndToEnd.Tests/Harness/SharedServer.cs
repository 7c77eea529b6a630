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
        await Command.MagsAsync(Installation.SeedHome, "server", "stop");

        Server = await MagsServer.StartNewAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await OutsideWorld.RemoveAsync();
    }
}
