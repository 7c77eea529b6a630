namespace Mags.Client.Errors;

/// <summary>The words in <see cref="MagsApiException.Code"/> that do not come from the server.</summary>
public static class ClientErrorCodes
{
    /// <summary>No connection to the server, or it broke before the answer was whole.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>The server took longer than <see cref="MagsClientOptions.Timeout"/>.</summary>
    public const string TimedOut = "timed_out";

    /// <summary>What answered does not speak this API.</summary>
    public const string UnexpectedAnswer = "unexpected_answer";
}
