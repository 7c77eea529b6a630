using Mags.Agent.Native;

namespace Mags.Agent.Sandbox;

/// <summary>/etc/hostname, /etc/hosts and /etc/resolv.conf of a sandbox.</summary>
internal static class HostFiles
{
    private const string OwnAddress = "127.0.1.1";
    private const int DoNotFollow = 0x100;
    private const string Standard = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

    /// <summary>Writes them below the overlay, before it is mounted: there it needs no copy of the image's.</summary>
    /// <remarks>A kept workspace's files keep all but the line that names the machine; removed ones stay removed.</remarks>
    public static void Write(string upper, ImageFacts image, HostNames names)
    {
        FileSystem.MakeFolder(upper + "/etc");
        var etc = NativeMethods.Open(
            upper + "/etc", FileDescriptor.Directory | FileDescriptor.NoFollow | FileDescriptor.CloseOnExec, 0);
        if (etc < 0)
        {
            return;
        }

        var hostName = names.HostName;
        var oldName = FileSystem.TryRead("hostname", etc);
        if (oldName?.Trim() != hostName)
        {
            FileSystem.TryWrite("hostname", hostName + "\n", etc);
        }

        var oldHosts = FileSystem.TryRead("hosts", etc);
        if (oldHosts is not null || NativeMethods.AccessAt(etc, "hosts", 0, DoNotFollow) != 0)
        {
            var hosts = WithName(oldHosts ?? FirstHosts(image), hostName);
            if (hosts != oldHosts)
            {
                FileSystem.TryWrite("hosts", hosts, etc);
            }
        }

        // Whatever an image or an earlier run has there is nobody's name server here.
        var resolvers = string.Concat(names.NameServers.Select(address => $"nameserver {address}\n"));
        if (FileSystem.TryRead("resolv.conf", etc) != resolvers)
        {
            FileSystem.TryWrite("resolv.conf", resolvers, etc);
        }

        FileDescriptor.Close(etc);
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
