using System.Collections.Concurrent;
using Mags.Client;
using Mags.Client.Errors;
using Mags.Contracts.Jobs;

namespace Mags.Bench.Crash;

/// <summary>Clients that submit jobs of several kinds, one after the other, until their server is gone.</summary>
internal sealed class CrashLoad(MagsClient client, int seed)
{
    private const int Clients = 4;
    private const int Lines = 500;

    private static readonly (string Script, int ExitCode)[] _kinds =
    [
        ("echo begin; echo end", 0),
        ("echo begin; exit 7", 7),
        ("echo begin; sleep 1; echo end", 0),
        ($"echo begin; seq {Lines}; echo end", 0),
        ("echo begin; dd if=/dev/zero of=/root/big bs=1M count=16 2>/dev/null; sync; echo end", 0),
    ];

    private readonly ConcurrentQueue<CrashJob> _accepted = new();

    /// <summary>The jobs that got their 202.</summary>
    public IReadOnlyCollection<CrashJob> Accepted => _accepted;

    /// <summary>Submits until the server does not answer any more.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Enumerable.Range(0, Clients).Select(number => SubmitAsync(number, cancellationToken)));

    private async Task SubmitAsync(int number, CancellationToken cancellationToken)
    {
#pragma warning disable CA5394 // What is chosen must be the same for the same seed, and guards nothing.
        var random = new Random(Chance.SeedOf(seed, number));
        try
        {
            while (true)
            {
                var (script, exitCode) = _kinds[random.Next(_kinds.Length)];
                var job = await client.CreateJobAsync(
                    new CreateJobRequest { Type = "inline", Script = script }, cancellationToken);
                var isStopped = random.Next(10) == 0;
                _accepted.Enqueue(new CrashJob(job.RequestId, script, exitCode, isStopped));
                if (isStopped)
                {
                    await client.StopJobAsync(job.RequestId, cancellationToken);
                }
                else if (random.Next(2) == 0)
                {
                    await foreach (var _ in client.FollowLogsAsync(job.RequestId, cancellationToken: cancellationToken))
                    {
                    }
                }
            }
        }
        catch (Exception exception) when (exception is MagsApiException or HttpRequestException or IOException or OperationCanceledException)
        {
            // It was killed. What it accepted is checked once it runs again.
        }
#pragma warning restore CA5394
    }
}

/// <summary>A job that was accepted.</summary>
/// <param name="Id">Its request id.</param>
/// <param name="Script">What it runs.</param>
/// <param name="ExitCode">How its script ends when it is let.</param>
/// <param name="IsStopped">Whether its user asked for its stop.</param>
internal sealed record CrashJob(string Id, string Script, int ExitCode, bool IsStopped);
