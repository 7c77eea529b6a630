using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Mags.Data;
using Mags.Server.Hosting;
using Mags.Server.Tests.Fakes;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Hosting;

public sealed class ServerStartTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("mags-start-").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task Start_Done_LeavesAClientFileOnlyItsUserMayRead()
    {
        await using var server = await RunningServer.StartAsync();
        var path = Path.Combine(server.Home, "client.json");

        var client = JsonDocument.Parse(await File.ReadAllTextAsync(path, Cancelled)).RootElement;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(server.Url, client.GetProperty("url").GetString());
        Assert.Matches("^mags_[0-9A-Za-z]{40}$", client.GetProperty("token").GetString());
        Assert.Equal(["stop_seconds", "token", "url"], client.EnumerateObject().Select(field => field.Name).Order());
    }

    [Fact]
    public async Task Start_SecondOnTheSameHome_SaysThatOneRuns()
    {
        await using var server = await RunningServer.StartAsync();

        var fault = await FailAsync(new ServerSettings(server.Home, "http://127.0.0.1:0", "tcg"));

        Assert.Equal(ExitCode.HomeInUse, fault.ExitCode);
        Assert.StartsWith($"another server runs with the home folder {server.Home};", fault.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/v1/mags-whoami")).Status);
    }

    [Fact]
    public async Task Start_AddressInUse_SaysSo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var fault = await FailAsync(new ServerSettings(_home, $"http://{listener.LocalEndpoint}", "tcg"));

        Assert.Equal(ExitCode.AddressInUse, fault.ExitCode);
        Assert.Contains($"{listener.LocalEndpoint}", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ not json", "config.json cannot be read")]
    [InlineData("""{"Jobs": {"MaxRunning": 0}}""", "a setting is not valid: ")]
    [InlineData("""{"Jobs": {"MaxRunning": "many"}}""", "a setting is not valid: ")]
    [InlineData("""{"JobLimits": {"MaxScriptBytes": -1}}""", "MaxScriptBytes")]
    [InlineData("""{"Machines": {"DefaultImage": ""}}""", "DefaultImage")]
    public async Task Start_BadConfiguration_SaysWhatIsWrong(string config, string part)
    {
        await File.WriteAllTextAsync(Path.Combine(_home, "config.json"), config, Cancelled);

        var fault = await FailAsync(new ServerSettings(_home, "http://127.0.0.1:0", "tcg"));

        Assert.Equal(ExitCode.Usage, fault.ExitCode);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:7420", "tcg", "Listen")]
    [InlineData("https://127.0.0.1:7420", "tcg", "Listen")]
    [InlineData("http://127.0.0.1:0", "warp", "Accelerator")]
    public async Task Start_BadArgument_SaysWhatIsWrong(string listen, string accelerator, string part)
    {
        var fault = await FailAsync(new ServerSettings(_home, listen, accelerator));

        Assert.Equal(ExitCode.Usage, fault.ExitCode);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_HomeThatCannotBeWritten_SaysSo()
    {
        var file = Path.Combine(_home, "file");
        await File.WriteAllTextAsync(file, "", Cancelled);

        var fault = await FailAsync(new ServerSettings(Path.Combine(file, "home"), "http://127.0.0.1:0", "tcg"));

        Assert.Equal(ExitCode.Home, fault.ExitCode);
        Assert.Contains("cannot be written", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_FullDisk_SaysSo()
    {
        // Writes to this device fail as those to a full disk do.
        var byFile = Assert.ThrowsAny<IOException>(() => File.WriteAllText("/dev/full", "x"));
        var byDatabase = new DatabaseException(DatabaseFault.DiskFull, "the database cannot be written");

        Assert.All<Exception>([byFile, byDatabase], cause =>
        {
            var fault = StartFaults.Translate(cause, new ServerSettings(_home, null, null))!;
            Assert.Equal(ExitCode.Home, fault.ExitCode);
            Assert.Equal($"the disk of the home folder {_home} is full; make room and start again", fault.Message);
        });
    }

    private static Task<ServerException> FailAsync(ServerSettings settings) =>
        Assert.ThrowsAsync<ServerException>(() => ServerRunner.StartAsync(settings, new FakeMachineHost().TakePlace, Cancelled));
}
