namespace Mags.Data.Jobs;

/// <summary>One page of a user's jobs.</summary>
/// <param name="Jobs">The page's jobs, newest first; empty past the end.</param>
/// <param name="Total">How many jobs the user has in all.</param>
public sealed record JobPage(IReadOnlyList<JobRow> Jobs, int Total);
