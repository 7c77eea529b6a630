namespace Mags.Contracts.Errors;

/// <summary>The stable words in <see cref="ErrorResponse.Code"/>. The sentence beside them may change, these may not.</summary>
public static class ErrorCodes
{
    /// <summary>400: missing field, bad JSON, wrong type or bad value; the sentence names the field.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>400: the contract has it, this server does not offer it yet.</summary>
    public const string NotSupported = "not_supported";

    /// <summary>401: no token, or a bad or revoked one.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>404: unknown, or another user's.</summary>
    public const string NotFound = "not_found";

    /// <summary>405: the path exists, but not with this method.</summary>
    public const string MethodNotAllowed = "method_not_allowed";

    /// <summary>409: the present state does not allow it.</summary>
    public const string Conflict = "conflict";

    /// <summary>413: the body is over its limit.</summary>
    public const string TooLarge = "too_large";

    /// <summary>429: the caller's own jobs take all that one user may have; the sentence names the limit.</summary>
    public const string QuotaExceeded = "quota_exceeded";

    /// <summary>500: a fault of the server.</summary>
    public const string Internal = "internal";

    /// <summary>503: the server can run no machine at all (stopping, disk full, no template), or too many jobs wait.</summary>
    public const string Unavailable = "unavailable";
}
