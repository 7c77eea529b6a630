namespace Mags.Server.Hosting;

/// <summary>The one place that reads the process's environment.</summary>
internal static class ServerEnvironment
{
#pragma warning disable RS0030 // This is the binding place that the ban leaves open.
    /// <summary>Reads MAGS_HOME, MAGS_LISTEN and MAGS_ACCEL.</summary>
    public static ServerSettings Read() => new(
        Path.GetFullPath(Get("MAGS_HOME") ?? DefaultHome()), Get("MAGS_LISTEN"), Get("MAGS_ACCEL"));

    private static string? Get(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
#pragma warning restore RS0030

    private static string DefaultHome() => Environment.IsPrivilegedProcess
        ? "/var/lib/mags"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "mags");
}
