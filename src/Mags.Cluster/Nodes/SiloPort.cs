using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mags.Cluster.Nodes;

/// <summary>The silo's port of an installation: chosen free once, then kept, so that it is the same after a restart.</summary>
public static class SiloPort
{
    private const string FileName = "silo.port";

    /// <summary>The kept port when it is still free, else a new one, which is kept from then on.</summary>
    /// <param name="home">Folder of the installation.</param>
    public static int Choose(string home)
    {
        var path = Path.Combine(home, FileName);
        if (File.Exists(path)
            && int.TryParse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture, out var kept)
            && kept is > 0 and <= 65535
            && TryBind(kept) is { } same)
        {
            return same;
        }

        var chosen = TryBind(0) ?? throw new IOException("No TCP port on loopback is free.");
        File.WriteAllText(path, chosen.ToString(CultureInfo.InvariantCulture));
        return chosen;
    }

    private static int? TryBind(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
