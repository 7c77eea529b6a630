using System.Reflection;

namespace Mags.Server.Status;

/// <summary>The version of this server.</summary>
internal static class ServerVersion
{
    /// <summary>As in the release's name, without what the build appends.</summary>
    public static string Text { get; } = typeof(ServerVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
