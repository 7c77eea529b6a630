using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Mags.Cli.Commands;

/// <summary>Options and arguments that several commands have.</summary>
internal static class CommandOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON, as the API answers it" };

    public static Argument<string> Job() => new("JOB") { Description = "Job id or name" };

    public static Argument<string> Workspace() => new("NAME") { Description = "Name of the workspace" };

    /// <summary>A whole number of at least <paramref name="least"/>.</summary>
    public static Option<int?> Number(string name, string unit, string description, int least = 1) => new(name)
    {
        Description = description,
        HelpName = unit,
        CustomParser = result => ParseNumber(result, name, least),
    };

    private static int? ParseNumber(ArgumentResult result, string name, int least)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least)
        {
            return number;
        }

        result.AddError(string.Create(
            CultureInfo.InvariantCulture, $"{name} takes a whole number from {least} on, not '{text}'"));
        return null;
    }
}
