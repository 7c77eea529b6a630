using Mags.Server.Tests.Fixtures;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace Mags.Server.Tests.Fixtures;

/// <summary>One server for all tests that leave no trace others could stumble over.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    internal RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await RunningServer.StartAsync(
            """{"JobLimits": {"MaxVcpus": 4, "MaxMemoryMib": 3000}}""");
        Server.AddImage("debian");
        Server.AddImage("alpine");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
