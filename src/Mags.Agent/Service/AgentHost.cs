using Mags.Agent.Boot;
using Mags.Agent.Io;
using Mags.Agent.Processes;
using Mags.Agent.Rpc;

namespace Mags.Agent.Service;

/// <summary>Serves the host's calls.</summary>
internal static class AgentHost
{
    /// <summary>Serves until it is cancelled, which an agent never is.</summary>
    public static async Task RunAsync(
        IByteSource source,
        ProcessLauncher launcher,
        Machine? machine,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var methods = new RpcMethods();
        Protocol.Agent.BindService(methods, new AgentService(launcher, machine, time));
        using var server = new RpcServer(source, methods, time);
        await server.StartAsync(cancellationToken);
        var ended = new TaskCompletionSource();
        await using (cancellationToken.Register(() => ended.TrySetResult()))
        {
            await ended.Task;
        }

        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await server.StopAsync(atOnce.Token);
    }
}
