namespace Mags.Cli.Commands.Jobs;

/// <summary><c>--env NAME=VALUE</c>, or <c>--env NAME</c> for the value that it has here.</summary>
internal static class EnvironmentOption
{
    /// <summary>Null when nothing is asked for. The later of two equal names wins.</summary>
    public static Dictionary<string, string>? Parse(
        IReadOnlyList<string> settings, IReadOnlyDictionary<string, string> here)
    {
        if (settings.Count == 0)
        {
            return null;
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? setting : setting[..equals];
            if (name.Length == 0)
            {
                throw new CliException($"--env takes NAME=VALUE or NAME, not '{setting}'", ExitCodes.Usage);
            }

            if (equals >= 0)
            {
                environment[name] = setting[(equals + 1)..];
            }
            else if (here.TryGetValue(name, out var value))
            {
                environment[name] = value;
            }
            else
            {
                throw new CliException($"--env {name}: there is no such variable here", ExitCodes.Usage);
            }
        }

        return environment;
    }
}
