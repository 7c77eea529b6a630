using System.Globalization;
using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>Finds the virtio-serial port that the host speaks through.</summary>
internal static class AgentPort
{
    private const string Name = "agent";
    private const string Ports = "/sys/class/virtio-ports";
    private const string Node = "/port";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits for the port.</summary>
    /// <returns>A device node of the agent's own: the one in /dev is at the sandbox's mercy.</returns>
    public static string Find(TimeProvider time)
    {
        string? number = null;
        if (!DeviceEvents.WaitUntil(() => (number = TryFind()) is not null, _limit, time))
        {
            throw new IOException($"no virtio-serial port named \"{Name}\" came up in {_limit.TotalSeconds} s");
        }

        const uint characterDevice = 0b010_000 << 9;
        const uint ownerOnly = 0b110_000_000;
        NativeException.Check(
            NativeMethods.MakeNode(Node, characterDevice | ownerOnly, DeviceOf(number!)), "make the port's node");
        return Node;
    }

    private static string? TryFind()
    {
        if (!Directory.Exists(Ports))
        {
            return null;
        }

        foreach (var port in Directory.GetDirectories(Ports))
        {
            if (FileSystem.TryRead(port + "/name")?.Trim() == Name)
            {
                return FileSystem.TryRead(port + "/dev")?.Trim();
            }
        }

        return null;
    }

    private static ulong DeviceOf(string number)
    {
        var colon = number.IndexOf(':', StringComparison.Ordinal);
        var major = ulong.Parse(number.AsSpan(..colon), CultureInfo.InvariantCulture);
        var minor = ulong.Parse(number.AsSpan(colon + 1), CultureInfo.InvariantCulture);
        return (major << 8) | (minor & 0xFF) | ((minor >> 8) << 20);
    }
}
