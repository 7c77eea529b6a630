using System.Globalization;
using Mags.Client;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Durability;

/// <summary>Has guests write to workspaces, and look for what was acknowledged in them.</summary>
internal static class GuestCheck
{
    /// <summary>A job that runs one of the <see cref="GuestPrograms"/>.</summary>
    /// <param name="script">The program.</param>
    /// <param name="writer">The workspace whose content it is: a fork has its base's.</param>
    /// <param name="acknowledged">The newest step that has to be there.</param>
    public static CreateJobRequest Request(string script, string writer, int acknowledged) => new()
    {
        Type = "inline",
        Script = script,
        Network = false,
        Timeout = 900,
        Environment = new Dictionary<string, string>
        {
            ["NAME"] = writer,
            ["ACKNOWLEDGED"] = acknowledged.ToString(CultureInfo.InvariantCulture),
        },
    };

    /// <summary>Reads all of a workspace in a guest.</summary>
    /// <param name="client">The server.</param>
    /// <param name="request">The job that does it.</param>
    /// <param name="what">What is read, for what is said of its faults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<CheckResult> RunAsync(
        MagsClient client, CreateJobRequest request, string what, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var job = await client.CreateJobAsync(request, cancellationToken);
        await foreach (var step in client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
        {
            if (step.Entry is { } entry)
            {
                lines.Add(entry.Message);
            }
        }

        var lost = lines.Where(line => line.StartsWith("lost", StringComparison.Ordinal)).ToList();
        if (!lines.Contains("end"))
        {
            var error = (await client.GetJobAsync(job.RequestId, cancellationToken)).Error;
            lost.Add($"lost: it could not be read: {error} {string.Join(' ', lines)}");
        }

        return new CheckResult(
            [.. lost.Select(Named)],
            [.. lines.Where(line => line.StartsWith("unclean", StringComparison.Ordinal)).Select(Named)]);

        string Named(string fault) => $"{what}: {fault}";
    }
}

/// <summary>What a guest found.</summary>
/// <param name="Lost">What was acknowledged and is not there.</param>
/// <param name="Unclean">What is wrong with the file system.</param>
internal sealed record CheckResult(IReadOnlyList<string> Lost, IReadOnlyList<string> Unclean);
