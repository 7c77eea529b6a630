using Mags.Data;
using Mags.Data.Accounts;
using Mags.Data.Jobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Bench.Api;

/// <summary>Jobs that a user ran long ago, put into a database that no server has open yet.</summary>
internal static class StoredJobs
{
    /// <summary>The first user of a server, which the benchmark calls it as.</summary>
    private const string User = "admin";

    public static async Task AddAsync(string database, int count, CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [$"{DataOptions.Section}:{nameof(DataOptions.ConnectionString)}"] = $"Data Source={database}",
        }).Build();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddMagsData()
            .BuildServiceProvider();
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
        var user = await services.GetRequiredService<AccountStore>().EnsureUserAsync(User, cancellationToken);
        var jobs = services.GetRequiredService<JobStore>();
        var now = TimeProvider.System.GetUtcNow();

        // Oldest first, a minute apart: as they would have come.
        await Task.WhenAll(Enumerable.Range(0, count).Select(number =>
        {
            var job = Ended(user.Id, now.AddMinutes(number - count - 1), number);
            var input = new JobInputRow { JobId = job.Id, Script = "echo hi\n"u8.ToArray(), EnvironmentJson = "{}" };
            return jobs.AddAsync(job, input, JobQuota.None, cancellationToken);
        }));
    }

    private static JobRow Ended(Guid user, DateTimeOffset time, int number) => new()
    {
        Id = Guid.CreateVersion7(time),
        UserId = user,
        Name = $"job-{number}",
        State = JobState.Completed,
        ScriptFirstLine = "echo hi",
        Image = "debian",
        Isolation = "microvm",
        Accelerator = "tcg",
        Vcpus = 1,
        MemoryMib = 1024,
        DiskGb = 2,
        TimeoutSeconds = 300,
        Subdomain = "0123456789ab",
        ExitCode = 0,
        ScriptDurationMs = 12,
        CreatedAt = time,
        StartedAt = time.AddSeconds(1),
        CompletedAt = time.AddSeconds(2),
    };
}
