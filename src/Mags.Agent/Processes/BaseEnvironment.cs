using Google.Protobuf.Collections;

namespace Mags.Agent.Processes;

/// <summary>The environment that every process starts with.</summary>
internal static class BaseEnvironment
{
    public const string Home = "/root";

    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The base, with the host's additions.</summary>
    /// <param name="additions">Win over the base.</param>
    /// <param name="path">The PATH that the process will have.</param>
    public static IReadOnlyList<string> With(MapField<string, string> additions, out string path)
    {
        path = additions.TryGetValue("PATH", out var ownPath) ? ownPath : DefaultPath;
        var result = new List<string>(additions.Count + 3) { "PATH=" + path };
        AddDefault("HOME", Home);
        AddDefault("LANG", "C.UTF-8");
        foreach (var (name, value) in additions)
        {
            if (name != "PATH")
            {
                result.Add(name + "=" + value);
            }
        }

        return result;

        void AddDefault(string name, string value)
        {
            if (!additions.ContainsKey(name))
            {
                result.Add(name + "=" + value);
            }
        }
    }
}
