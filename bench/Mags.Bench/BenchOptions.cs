using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mags.Bench;

/// <summary>What a run was asked for.</summary>
internal sealed record BenchOptions(string Bench, int Runs, bool Json, string Home, string Agent)
{
    private const int DefaultRuns = 10;

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where the benchmarks bind their environment.")]
    public static BenchOptions Parse(string[] arguments)
    {
        var at = Array.IndexOf(arguments, "-n");
        return new BenchOptions(
            arguments.FirstOrDefault() ?? "",
            at >= 0 && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : DefaultRuns,
            arguments.Contains("--json"),
            Environment.GetEnvironmentVariable("MAGS_HOME") ?? "/var/lib/mags",
            Environment.GetEnvironmentVariable("MAGS_AGENT") ?? "");
    }
}
