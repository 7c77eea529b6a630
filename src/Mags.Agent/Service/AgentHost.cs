using Mags.Agent.Boot;
using Mags.Agent.Io;
using Mags.Agent.Processes;
using Mags.Agent.Rpc;

namespace Mags.Agent.Service;

/// <summary>Serves the host's calls, for ever.</summary>
internal static class AgentHost
{
    public static async Task RunAsync(IByteSource source, ProcessLauncher launcher, Machine? machine, TimeProvider time)
    {
        var methods = new RpcMethods();
        Protocol.Agent.BindService(methods, new AgentService(launcher, machine));
        using var server = new RpcServer(source, methods, time);
        await server.StartAsync(CancellationToken.None);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, CancellationToken.None);
    }
}
