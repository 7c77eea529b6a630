using System.Reflection;

namespace Mags.Cli;

/// <summary>The version this command was built as.</summary>
internal static class CliVersion
{
    public static string Text { get; } = Find();

    private static string Find()
    {
        var version = typeof(CliVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        // After "+" comes the commit, which people do not read.
        return version?.InformationalVersion.Split('+')[0] ?? "unknown";
    }
}
