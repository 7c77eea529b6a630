using System.Net;
using System.Net.Sockets;

namespace Mags.Server.Hosting;

/// <summary>The address to listen on.</summary>
internal static class ListenAddress
{
    /// <summary>
    /// Says that an address is taken before anything is started or logged. Whoever takes it after this look is found by
    /// the web server itself.
    /// </summary>
    /// <exception cref="ServerException">Something listens there.</exception>
    public static void RequireFree(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || !IPAddress.TryParse(parsed.IdnHost, out var address))
        {
            return;
        }

        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(address, parsed.Port));
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new ServerException(
                ExitCode.AddressInUse,
                $"the address is in use ({url}); stop what listens there, or choose another with --listen or MAGS_LISTEN",
                taken);
        }
    }
}
