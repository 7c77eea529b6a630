using System.Security.Cryptography;

namespace Mags.Storage.Objects.S3;

/// <summary>Carries out requests: each try within its time, tries with growing waits between them, and one fault at last.</summary>
internal sealed class S3Requests
{
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(20);

    private readonly S3Options _options;
    private readonly S3Fault _fault;
    private readonly TimeProvider _time;

    public S3Requests(S3Options options, S3Fault fault, TimeProvider time)
    {
        _options = options;
        _fault = fault;
        _time = time;
    }

    /// <summary>How often a request is tried again.</summary>
    public int Retries => _options.Retries;

    /// <summary>Tries a request until it succeeds or trying again is of no use.</summary>
    /// <param name="bytes">How much it sends, which it has time for.</param>
    /// <param name="request">One try; it is told its number, from zero.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<T> RunAsync<T>(
        long bytes, Func<int, CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await TryAsync(bytes, attempt, request, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && S3Fault.IsOne(exception))
            {
                if (attempt >= _options.Retries || !S3Fault.IsPassing(exception))
                {
                    throw _fault.Of(exception);
                }
            }

            await WaitAsync(attempt, cancellationToken);
        }
    }

    /// <summary>One step of a request's answer, within the time for it.</summary>
    public async Task<T> TryAsync<T>(
        long bytes, int attempt, Func<int, CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_options.Timeout * (1 + (bytes >> 20)), _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        return await request(attempt, both.Token);
    }

    /// <summary>Waits before the next try: longer each time, and differently for those that failed together.</summary>
    public Task WaitAsync(int attempt, CancellationToken cancellationToken)
    {
        var longest = _options.RetryDelay * Math.Pow(2, attempt);
        var wait = longest < _longestWait ? longest : _longestWait;
        return Task.Delay(wait * (RandomNumberGenerator.GetInt32(50, 101) / 100.0), _time, cancellationToken);
    }
}
