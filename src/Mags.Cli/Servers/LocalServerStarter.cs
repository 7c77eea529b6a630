using Mags.Cli.Native;
using Mags.Cli.Output;

namespace Mags.Cli.Servers;

/// <summary>Sets up and starts the local server in the background.</summary>
internal sealed class LocalServerStarter(ServerHome home, Magsd magsd, Terminal terminal, TimeProvider time)
{
    /// <summary>What the line begins with in which the server says why it cannot start.</summary>
    private const string SentencePrefix = "magsd: ";

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
        using var log = new LogTail(home.LogFile);
        while (true)
        {
            if (await LaunchAsync(listen, cancellationToken) is not { } exitCode)
            {
                return CredentialFile.Read(home.ClientFile)
                    ?? throw new CliException($"the server is ready, but {home.ClientFile} is gone");
            }

            if (exitCode != MagsdExitCodes.HomeIsHeld)
            {
                throw new CliException(WhyItEnded(exitCode, log.ReadNewLines()));
            }

            if (RunningServer.FindPid(home) is not null)
            {
                return await JoinAsync(cancellationToken);
            }

            // What it took for another server was only someone's look at the pid file, which locks it for a moment.
        }
    }

    /// <summary>Starts the program and waits until it is ready. Null when it is, else its exit code.</summary>
    private async Task<int?> LaunchAsync(string? listen, CancellationToken cancellationToken)
    {
        using var watch = new ClientFileWatch(home.ClientFile);
        var server = magsd.Start(listen is null ? ["run"] : ["run", "--listen", listen], home.LogFile);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ready = watch.Written.WaitAsync(_startTimeout, time, giveUp.Token);
        if (await Task.WhenAny(ready, server.Ended) == server.Ended)
        {
            await giveUp.CancelAsync();
            return await server.Ended;
        }

        try
        {
            await ready;
            return null;
        }
        catch (TimeoutException e)
        {
            throw new CliException(
                $"the server (pid {server.Pid}) is not ready after {_startTimeout.TotalSeconds:0} s; "
                + $"see {home.LogFile}",
                innerException: e);
        }
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

    private string WhyItEnded(int exitCode, IReadOnlyList<string> lines)
    {
        var sentence = lines.LastOrDefault(line => line.StartsWith(SentencePrefix, StringComparison.Ordinal));
        if (sentence is not null)
        {
            return exitCode == MagsdExitCodes.Fault
                ? $"the server cannot start: {sentence[SentencePrefix.Length..]} (more in {home.LogFile})"
                : sentence[SentencePrefix.Length..];
        }

        return $"the server ended while it started (exit code {exitCode}); its last words in {home.LogFile}:"
            + string.Concat(lines.Select(line => $"\n  {line}"));
    }
}
