using Mags.Cli.Output;
using Mags.Cli.Servers;
using Mags.Client;

namespace Mags.Cli;

/// <summary>What the commands share.</summary>
internal sealed class CliContext
{
    private readonly ServerLocator _locator;

    public CliContext(Terminal terminal, CliEnvironment environment, string magsdPath, TimeProvider time)
    {
        Terminal = terminal;
        Environment = environment;
        Time = time;
        Home = new ServerHome(environment.Home);
        Magsd = new Magsd(magsdPath, environment);
        LocalServer = new LocalServer(Home, new LocalServerStarter(Home, Magsd, terminal, time), terminal);
        _locator = new ServerLocator(environment, Home);
    }

    public Terminal Terminal { get; }

    public CliEnvironment Environment { get; }

    public TimeProvider Time { get; }

    public ServerHome Home { get; }

    public Magsd Magsd { get; }

    public LocalServer LocalServer { get; }

    /// <summary>Whether the commands speak to the local server.</summary>
    public bool UsesLocalServer => _locator.FindRemote() is null;

    /// <summary>A client of the server that is meant; the local one is started when it does not run.</summary>
    public async Task<MagsClient> ConnectAsync(CancellationToken cancellationToken) =>
        NewClient(_locator.FindRemote() ?? await LocalServer.EnsureRunningAsync(cancellationToken));

    public MagsClient NewClient(Credentials credentials)
    {
        try
        {
            return new MagsClient(new MagsClientOptions
            {
                BaseUrl = credentials.Url,
                Token = credentials.Token,
                TimeProvider = Time,
            });
        }
        catch (ArgumentException e)
        {
            throw new CliException($"'{credentials.Url}' is no http:// or https:// address", innerException: e);
        }
    }
}
