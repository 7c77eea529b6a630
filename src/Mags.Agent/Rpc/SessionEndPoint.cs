using System.Net;
using System.Net.Sockets;

namespace Mags.Agent.Rpc;

/// <summary>Stands for the host's byte streams where the server wants an address.</summary>
internal sealed class SessionEndPoint : EndPoint
{
    private SessionEndPoint()
    {
    }

    public static SessionEndPoint Instance { get; } = new();

    public override AddressFamily AddressFamily => AddressFamily.Unspecified;

    public override string ToString() => "host";
}
