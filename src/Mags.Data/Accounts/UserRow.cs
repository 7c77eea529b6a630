namespace Mags.Data.Accounts;

/// <summary>A user.</summary>
public sealed class UserRow
{
    /// <summary>The user's id.</summary>
    public required Guid Id { get; set; }

    /// <summary>Name, unique.</summary>
    public required string Name { get; set; }

    /// <summary>When the user was made.</summary>
    public required DateTimeOffset CreatedAt { get; set; }

    /// <summary>
    /// How many jobs the user has, ended ones too. Whoever adds or removes a job changes it in the same transaction: to
    /// count them would cost more with each job.
    /// </summary>
    public int JobCount { get; set; }
}
