using System.Net.Sockets;

namespace Mags.Machines.Native;

/// <summary>A connection over a unix socket.</summary>
internal sealed class LocalStream(Socket socket) : NetworkStream(socket, ownsSocket: true);
