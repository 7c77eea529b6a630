using Mags.Cli.Native;
using Mags.Cli.Output;

namespace Mags.Cli.Servers;

/// <summary>The server of this machine that owns <c>MAGS_HOME</c>: whether it runs, its credentials, its end.</summary>
internal sealed class LocalServer(ServerHome home, LocalServerStarter starter, Terminal terminal)
{
    /// <summary>How long a stop is waited for when the server does not say how long it may take.</summary>
    private const int StopSeconds = 30;

    /// <summary>How much longer than it says: a busy host is late.</summary>
    private const int StopMarginSeconds = 15;

    /// <summary>Process id of the running server; null when none runs.</summary>
    public int? FindPid() => RunningServer.FindPid(home);

    /// <summary>The running server's credentials; starts the server when none runs.</summary>
    public async Task<Credentials> EnsureRunningAsync(CancellationToken cancellationToken)
    {
        if (FindPid() is not null && CredentialFile.Read(home.ClientFile) is { } credentials
            && await RunningServer.IsListeningAsync(credentials, cancellationToken))
        {
            return credentials;
        }

        return await starter.StartOrJoinAsync(cancellationToken);
    }

    /// <summary>Starts the server where <paramref name="listen"/> says, or the server's default.</summary>
    /// <exception cref="CliException">One runs already.</exception>
    public async Task<Credentials> StartAsync(string? listen, CancellationToken cancellationToken)
    {
        if (FindPid() is { } pid)
        {
            var url = CredentialFile.Read(home.ClientFile)?.Url;
            throw new CliException(
                $"a server is already running with MAGS_HOME {home.Root} (pid {pid}{(url is null ? "" : $", {url}")})");
        }

        return await starter.StartAsync(listen, cancellationToken);
    }

    /// <summary>Asks the server to end and waits for it. Null when none runs, else its process id.</summary>
    public async Task<int?> StopAsync()
    {
        if (FindPid() is not { } pid)
        {
            return null;
        }

        using var process = ProcessHandle.Open(pid);
        // Looked up again now that the handle cannot mean another process any more.
        if (process is null || FindPid() != pid || !process.Signal(Libc.SignalTerminate))
        {
            return null;
        }

        var limit = StopLimit();
        using (terminal.StartProgress("waiting for the server to end"))
        {
            if (await process.WaitForExitAsync(limit))
            {
                return pid;
            }
        }

        throw new CliException(
            $"the server (pid {pid}) still runs {limit.TotalSeconds:0} s after it was asked to end; "
            + $"see {home.LogFile}");
    }

    private TimeSpan StopLimit()
    {
        try
        {
            return CredentialFile.Read(home.ClientFile)?.StopSeconds is { } told
                ? TimeSpan.FromSeconds((double)told + StopMarginSeconds)
                : TimeSpan.FromSeconds(StopSeconds);
        }
        catch (CliException)
        {
            // A damaged file must not keep a server from being stopped.
            return TimeSpan.FromSeconds(StopSeconds);
        }
    }
}
