using System.Net;

namespace Mags.Client.Errors;

/// <summary>
/// A call that failed: the server refused it, or no answer came. <see cref="Exception.Message"/> is a sentence for
/// people, the server's own where it gave one.
/// </summary>
public sealed class MagsApiException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="status">The answer's HTTP status; null when there was no answer.</param>
    /// <param name="code">A stable word: the server's, or one of <see cref="ClientErrorCodes"/>.</param>
    /// <param name="message">A sentence for people.</param>
    /// <param name="innerException">What lies below, if anything.</param>
    public MagsApiException(HttpStatusCode? status, string code, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Status = status;
        Code = code;
    }

    /// <summary>The answer's HTTP status; null when there was no answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>A stable word: the server's <c>code</c>, or one of <see cref="ClientErrorCodes"/>.</summary>
    public string Code { get; }

    /// <summary>Whether the same call may succeed a little later: no answer, or the server restarts.</summary>
    internal bool IsTransient => Status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
        or HttpStatusCode.GatewayTimeout || Code is ClientErrorCodes.Unreachable or ClientErrorCodes.TimedOut;
}
