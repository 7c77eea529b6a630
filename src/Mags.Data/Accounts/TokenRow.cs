namespace Mags.Data.Accounts;

/// <summary>An API token of a user. Its text is not kept.</summary>
public sealed class TokenRow
{
    /// <summary>The token's id.</summary>
    public required Guid Id { get; set; }

    /// <summary>Whose it is.</summary>
    public required Guid UserId { get; set; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; set; }

    /// <summary>SHA-256 of the token's text; unique.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; set; }

    /// <summary>Since when it is not valid any more; null while it is.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}
