using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mags.Bench;

/// <summary>What a run was asked for.</summary>
internal sealed record BenchOptions(string Bench, int? Runs, bool Json, string Home, string Programs)
{
    /// <summary>What the choices of a run follow from: a former run's makes the same ones again. Null for new ones.</summary>
    public int? Seed { get; init; }

    /// <summary>Whether the object store is an S3 server rather than a folder.</summary>
    public bool S3 { get; init; }

    /// <summary>The program that is PID 1 in a guest.</summary>
    public string Agent => Path.Combine(Programs, "mags-agent");

    /// <summary>The program that confines a hypervisor.</summary>
    public string Jail => Path.Combine(Programs, "mags-jail");

    /// <summary>The command line.</summary>
    public string Mags => Path.Combine(Programs, "mags");

    /// <summary>The checkout, in whose <c>artifacts/dist</c> the programs are.</summary>
    public string Root => Path.GetFullPath(Path.Combine(Programs, "..", ".."));

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where the benchmarks bind their environment.")]
    public static BenchOptions Parse(string[] arguments) => new(
        arguments.FirstOrDefault() ?? "",
        NumberAfter("-n", arguments),
        arguments.Contains("--json"),
        Environment.GetEnvironmentVariable("MAGS_HOME") ?? "/var/lib/mags",
        Environment.GetEnvironmentVariable("MAGS_PROGRAMS") ?? "")
    {
        Seed = NumberAfter("--seed", arguments),
        S3 = arguments.Contains("--s3"),
    };

    private static int? NumberAfter(string option, string[] arguments) =>
        Array.IndexOf(arguments, option) is var at and >= 0 && at + 1 < arguments.Length
            ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture)
            : null;
}
