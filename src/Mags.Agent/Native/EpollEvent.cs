using System.Runtime.InteropServices;

namespace Mags.Agent.Native;

/// <summary><c>struct epoll_event</c>, which x86-64 packs to 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct EpollEvent
{
    public uint Events;
    public ulong Token;
}
