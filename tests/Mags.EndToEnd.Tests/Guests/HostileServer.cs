using System.Globalization;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Guests;

/// <summary>The server of all hostile scripts, whose memory is measured from before the first of them.</summary>
public sealed class HostileServer : IAsyncLifetime
{
    // Less than by default, as a guest takes a minute to say so much, and more than a million empty lines take.
    private const int MaxLogMib = 24;

    private long _before;

    public MagsServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await MagsServer.StartNewAsync(settings: $$"""
            "JobLogs": {"MaxBytes": {{MaxLogMib << 20}}}
            """);

        // Brings up what a server's first jobs do.
        for (var i = 0; i < 2; i++)
        {
            var job = await Server.Api.RunAsync("echo up", body => body["memory_mb"] = 512);
            Assert.Equal("completed", job.Status);
        }

        _before = await ReadMemoryAsync("VmRSS:");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>Has the kernel measure the server's largest resident memory anew, from now on.</summary>
    public async Task ResetPeakAsync() => await File.WriteAllTextAsync(
        $"/proc/{await Server.PidAsync()}/clear_refs", "5", TestContext.Current.CancellationToken);

    /// <summary>How many bytes of memory it had at most since then, beyond what it had before all scripts.</summary>
    public async Task<long> GrowthAsync() => await ReadMemoryAsync("VmHWM:") - _before;

    private async Task<long> ReadMemoryAsync(string name)
    {
        var status = await File.ReadAllLinesAsync(
            $"/proc/{await Server.PidAsync()}/status", TestContext.Current.CancellationToken);
        var line = status.First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
