using System.Net.Sockets;
using Mags.Agent.Io;
using Mags.Agent.Processes;
using Mags.Agent.Service;

namespace Mags.Agent.Tests.Service;

/// <summary>An agent in this process, listening on a socket of its own, as <c>mags-agent serve</c> does.</summary>
public sealed class AgentFixture : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Where the agent's socket and scripts are, and tests may put files.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("mags-agent-").FullName;

    private string SocketPath => Folder + "/agent";

    public ValueTask InitializeAsync()
    {
        var source = new SocketSource(SocketPath);
        var time = TimeProvider.System;
        var launcher = new ProcessLauncher(new PlainSandbox(Folder + "/scripts"), new IoLoop(time), time);
        _running = RunAsync(source, launcher, time);
        return ValueTask.CompletedTask;
    }

#pragma warning disable CA2000 // Each stream is the caller's, through all that is built on it.
    /// <summary>A session of its own.</summary>
    public async Task<AgentConnection> ConnectAsync(CancellationToken cancellationToken) =>
        await AgentConnection.OpenAsync(await OpenStreamAsync(cancellationToken), cancellationToken);

    /// <summary>The bytes below a session.</summary>
    public async Task<Stream> OpenStreamAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
#pragma warning restore CA2000

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task RunAsync(SocketSource source, ProcessLauncher launcher, TimeProvider time)
    {
        using (source)
        {
            await AgentHost.RunAsync(source, launcher, machine: null, time, _stop.Token);
        }
    }
}
