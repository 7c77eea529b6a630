using Mags.Cli.Servers;
using Mags.Client.Errors;

namespace Mags.Cli.Commands.Server;

/// <summary>Asks the local server how it does. Starts nothing.</summary>
internal sealed class ServerStatusReader(CliContext context)
{
    public async Task<ServerStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var home = context.Home;
        if (context.LocalServer.FindPid() is not { } pid)
        {
            return new ServerStatus { Running = false, Home = home.Root };
        }

        var silent = new ServerStatus { Running = true, Pid = pid, Home = home.Root, State = "unreachable" };
        if (CredentialFile.Read(home.ClientFile) is not { } credentials)
        {
            return silent with { State = "starting", StateReason = "it does not listen yet" };
        }

        try
        {
            using var client = context.NewClient(credentials);
            var info = await client.GetServerAsync(cancellationToken);
            return new ServerStatus
            {
                Running = true,
                Url = credentials.Url,
                Pid = info.Pid,
                Version = info.Version,
                Home = info.Home,
                State = info.State,
                StateReason = info.StateReason,
                Accelerator = info.Accelerator,
                AcceleratorReason = info.AcceleratorReason,
                Pool = info.Pool,
                Walls = info.Walls,
                ObjectStore = info.ObjectStore,
                Images = info.Images,
            };
        }
        catch (MagsApiException e)
        {
            return silent with { Url = credentials.Url, StateReason = e.Message };
        }
    }
}
