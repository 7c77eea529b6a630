using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>/etc/hostname, /etc/hosts and /etc/resolv.conf of a sandbox.</summary>
/// <remarks>A kept workspace's files keep all but the line that names the machine; removed ones stay removed.</remarks>
internal sealed class HostFiles(ImageFacts image)
{
    private const string OwnAddress = "127.0.1.1";
    private const int DoNotFollow = 0x100;
    private const int FolderFlags = FileDescriptor.Directory | FileDescriptor.NoFollow | FileDescriptor.CloseOnExec;
    private const string Standard = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

    // What the files hold.
    private string? _hostName;
    private string? _hosts;
    private string? _resolvers;
    private bool _hostsAreForeign;

    /// <summary>Writes them below the overlay, before it is mounted: there it needs no copy of the image's.</summary>
    public void Write(string upper, HostNames names)
    {
        FileSystem.MakeFolder(upper + "/etc");
        Within(upper + "/etc", etc =>
        {
            _hostName = FileSystem.TryRead("hostname", etc);
            _hosts = FileSystem.TryRead("hosts", etc);
            _hostsAreForeign = _hosts is null && NativeMethods.AccessAt(etc, "hosts", 0, DoNotFollow) == 0;
            _resolvers = FileSystem.TryRead("resolv.conf", etc);
            Change(etc, names);
        });
    }

    /// <summary>Changes them in the sandbox's root, where nobody else has since they were written.</summary>
    public void Change(HostNames names) => Within("/etc", etc => Change(etc, names));

    private void Change(int etc, HostNames names)
    {
        Replace("hostname", ref _hostName, names.HostName + "\n", etc);
        if (!_hostsAreForeign)
        {
            Replace("hosts", ref _hosts, WithName(_hosts ?? FirstHosts(image), names.HostName), etc);
        }

        // Whatever an image or an earlier run has there is nobody's name server here.
        var resolvers = string.Concat(names.NameServers.Select(address => $"nameserver {address}\n"));
        Replace("resolv.conf", ref _resolvers, resolvers, etc);
    }

    private static void Replace(string name, ref string? present, string wanted, int etc)
    {
        if (present != wanted)
        {
            FileSystem.TryReplace(name, wanted, etc);
            present = wanted;
        }
    }

    private static void Within(string path, Action<int> work)
    {
        var folder = NativeMethods.Open(path, FolderFlags, 0);
        if (folder >= 0)
        {
            work(folder);
            FileDescriptor.Close(folder);
        }
    }

    /// <summary>The image's file; the usual one when it has none, or one that does not even know localhost.</summary>
    internal static string FirstHosts(ImageFacts image) =>
        image.Hosts is { } hosts && hosts.Contains("localhost", StringComparison.Ordinal) ? hosts : Standard + image.Hosts;

    /// <summary>The file with the name in it: as it is when the name is there, else with one line set or added.</summary>
    internal static string WithName(string hosts, string name)
    {
        var lines = hosts.Split('\n').ToList();
        if (lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        if (lines.Exists(line => NamesOf(line).Contains(name)))
        {
            return hosts;
        }

        var own = $"{OwnAddress}\t{name}";
        var place = lines.FindIndex(line => line.StartsWith(OwnAddress + "\t", StringComparison.Ordinal)
            || line.StartsWith(OwnAddress + " ", StringComparison.Ordinal));
        if (place >= 0)
        {
            lines[place] = own;
        }
        else
        {
            lines.Add(own);
        }

        return string.Join('\n', lines) + "\n";
    }

    private static IEnumerable<string> NamesOf(string line) =>
        line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Skip(1);
}
