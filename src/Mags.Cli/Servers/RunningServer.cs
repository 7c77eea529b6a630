using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mags.Cli.Native;

namespace Mags.Cli.Servers;

/// <summary>Cheap looks at a server that may or may not run.</summary>
internal static class RunningServer
{
    /// <summary>
    /// Process id of the server that holds this folder: it keeps its pid file locked as long as it lives, so that a
    /// left-over file or a reused pid cannot mislead. Null when none does.
    /// </summary>
    public static int? FindPid(ServerHome home)
    {
        if (FileLock.Probe(home.PidFile) is not { IsHeld: true } file)
        {
            return null;
        }

        return int.TryParse(file.Content.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            ? pid
            : throw new CliException($"{home.PidFile} is held by a server, but names no process");
    }

    /// <summary>Whether something accepts connections there. Only that: an answer takes a token and longer.</summary>
    public static async Task<bool> IsListeningAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(credentials.Url, UriKind.Absolute, out var uri))
        {
            return false;
        }

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(uri.DnsSafeHost, uri.Port), cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
