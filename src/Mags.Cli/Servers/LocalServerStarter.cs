using Mags.Cli.Native;
using Mags.Cli.Output;

namespace Mags.Cli.Servers;

/// <summary>Sets up and starts the local server in the background.</summary>
internal sealed class LocalServerStarter(ServerHome home, Magsd magsd, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan _startTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _lookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts the server, or waits for one that another command has just started.</summary>
    public async Task<Credentials> StartOrJoinAsync(CancellationToken cancellationToken)
    {
        home.Create();
        using var startLock = await TakeStartLockAsync(cancellationToken);
        return RunningServer.FindPid(home) is not null
            ? await JoinAsync(cancellationToken)
            : await StartHoldingLockAsync(null, cancellationToken);
    }

    /// <summary>Starts the server where <paramref name="listen"/> says, or the server's default.</summary>
    public async Task<Credentials> StartAsync(string? listen, CancellationToken cancellationToken)
    {
        home.Create();
        using var startLock = await TakeStartLockAsync(cancellationToken);
        return await StartHoldingLockAsync(listen, cancellationToken);
    }

    /// <summary>Two commands at once must not both set up and start: the second waits and finds it done.</summary>
    private async Task<FileLock> TakeStartLockAsync(CancellationToken cancellationToken)
    {
        using var progress = terminal.StartProgress("waiting for another mags to set up the local server");
        return await FileLock.TakeAsync(home.StartLockFile, cancellationToken);
    }

    private async Task<Credentials> StartHoldingLockAsync(string? listen, CancellationToken cancellationToken)
    {
        if (home.NeedsSetup)
        {
            await SetUpAsync(cancellationToken);
        }

        using var progress = terminal.StartProgress("starting the local server");
        using var watch = new ClientFileWatch(home.ClientFile);
        using var log = new LogTail(home.LogFile);
        var server = magsd.Start(listen is null ? ["run"] : ["run", "--listen", listen], home.LogFile);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ready = watch.Written.WaitAsync(_startTimeout, time, giveUp.Token);
        var first = await Task.WhenAny(ready, server.Ended);
        if (first == server.Ended)
        {
            await giveUp.CancelAsync();
            var exitCode = await server.Ended;
            return exitCode == MagsdExitCodes.HomeIsHeld
                ? await JoinAsync(cancellationToken)
                : throw new CliException(WhyItEnded(exitCode, log.ReadNewLines()));
        }

        try
        {
            await ready;
        }
        catch (TimeoutException e)
        {
            throw new CliException(
                $"the server (pid {server.Pid}) is not ready after {_startTimeout.TotalSeconds:0} s; "
                + $"see {home.LogFile}",
                innerException: e);
        }

        return ReadCredentials();
    }

    /// <summary>Someone else's server holds the folder but may not listen yet.</summary>
    private async Task<Credentials> JoinAsync(CancellationToken cancellationToken)
    {
        using var progress = terminal.StartProgress("waiting for the local server");
        var start = time.GetTimestamp();
        while (true)
        {
            if (CredentialFile.Read(home.ClientFile) is { } credentials
                && await RunningServer.IsListeningAsync(credentials, cancellationToken))
            {
                return credentials;
            }

            if (RunningServer.FindPid(home) is not { } pid)
            {
                throw new CliException($"the local server ended while it started; see {home.LogFile}");
            }

            if (time.GetElapsedTime(start) > _startTimeout)
            {
                throw new CliException($"the local server (pid {pid}) does not answer; see {home.LogFile}");
            }

            await Task.Delay(_lookAgain, time, cancellationToken);
        }
    }

    private async Task SetUpAsync(CancellationToken cancellationToken)
    {
        terminal.Note($"setting up the local server in {home.Root}");
        var (exitCode, _) = await magsd.RunAsync(["setup"], cancellationToken);
        if (exitCode != 0)
        {
            throw new CliException(
                $"the local server could not be set up (exit code {exitCode}); "
                + "the same command goes on where it ended");
        }
    }

    private Credentials ReadCredentials() => CredentialFile.Read(home.ClientFile)
        ?? throw new CliException($"the server is ready, but {home.ClientFile} is gone; see {home.LogFile}");

    private string WhyItEnded(int exitCode, IReadOnlyList<string> lines)
    {
        var last = lines.Count == 0 ? $"see {home.LogFile}" : lines[^1];
        return exitCode switch
        {
            MagsdExitCodes.BadArguments => $"the server does not take its settings: {last}",
            MagsdExitCodes.AddressInUse =>
                $"{last} (choose another address with mags server start --listen URL, or MAGS_LISTEN)",
            MagsdExitCodes.HomeNotWritable => $"the server cannot use MAGS_HOME {home.Root}: {last}",
            _ => $"the server ended while it started (exit code {exitCode}); its last words in {home.LogFile}:"
                + string.Concat(lines.Select(line => $"\n  {line}")),
        };
    }
}
