using System.Net.Sockets;
using System.Security.Authentication;

namespace Mags.Client.Errors;

/// <summary>Turns what the network stack throws into one sentence.</summary>
internal static class NetworkErrors
{
    public static MagsApiException Unreachable(Uri server, Exception cause) => new(
        null,
        ClientErrorCodes.Unreachable,
        $"cannot reach {Name(server)}: {Reason(cause)}",
        cause);

    public static MagsApiException TimedOut(Uri server, TimeSpan timeout) => new(
        null,
        ClientErrorCodes.TimedOut,
        FormattableString.Invariant($"{Name(server)} did not answer within {timeout.TotalSeconds:0.#} seconds"));

    /// <summary>Scheme, host and port: what a person needs to see, and never user information or a query.</summary>
    public static string Name(Uri server) => server.GetLeftPart(UriPartial.Scheme) + server.Authority;

    private static string Reason(Exception cause)
    {
        for (var e = cause; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException socket:
                    return SocketReason(socket);
                case AuthenticationException:
                    return $"TLS failed ({e.Message})";
            }
        }

        return cause is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or IOException
            ? "the connection broke before the answer was complete"
            : cause.Message;
    }

    private static string SocketReason(SocketException socket) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "the connection was reset",
        SocketError.HostNotFound or SocketError.NoData => "no such host",
        SocketError.TryAgain => "the host name could not be looked up",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
        SocketError.TimedOut => "the connection timed out",
        _ => socket.Message,
    };
}
