namespace Mags.Data.Accounts;

/// <summary>Who makes a request.</summary>
/// <param name="UserId">The user's id.</param>
/// <param name="UserName">The user's name.</param>
/// <param name="TokenName">Name of the token that was shown.</param>
public sealed record Caller(Guid UserId, string UserName, string TokenName);
