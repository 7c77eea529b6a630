using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mags.Bench;

/// <summary>What a run was asked for.</summary>
internal sealed record BenchOptions(string Bench, int? Runs, bool Json, string Home, string Programs)
{
    /// <summary>The program that is PID 1 in a guest.</summary>
    public string Agent => Path.Combine(Programs, "mags-agent");

    /// <summary>The program that confines a hypervisor.</summary>
    public string Jail => Path.Combine(Programs, "mags-jail");

    /// <summary>The command line.</summary>
    public string Mags => Path.Combine(Programs, "mags");

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where the benchmarks bind their environment.")]
    public static BenchOptions Parse(string[] arguments)
    {
        var at = Array.IndexOf(arguments, "-n");
        return new BenchOptions(
            arguments.FirstOrDefault() ?? "",
            at >= 0 && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : null,
            arguments.Contains("--json"),
            Environment.GetEnvironmentVariable("MAGS_HOME") ?? "/var/lib/mags",
            Environment.GetEnvironmentVariable("MAGS_PROGRAMS") ?? "");
    }
}
