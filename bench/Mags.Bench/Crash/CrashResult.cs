namespace Mags.Bench.Crash;

/// <summary>What rounds of crashes showed.</summary>
internal sealed class CrashResult
{
    /// <summary>Until the server answered again, for each round, in milliseconds.</summary>
    public List<double> StartMs { get; } = [];

    /// <summary>Until the pool was there again, in milliseconds.</summary>
    public List<double> PoolMs { get; } = [];

    /// <summary>Jobs that were accepted in each round.</summary>
    public List<double> Accepted { get; } = [];

    /// <summary>Those of them whose script ran to its end.</summary>
    public List<double> Completed { get; } = [];

    /// <summary>Sentences, each about one promise that was not kept.</summary>
    public List<string> Faults { get; } = [];
}
