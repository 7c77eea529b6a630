namespace Mags.Agent.Io;

/// <summary>What a descriptor is ready for; the values are epoll's.</summary>
[Flags]
internal enum IoEvents : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Something can be read, or the end is reached.</summary>
    Readable = 1,

    /// <summary>Something can be written.</summary>
    Writable = 4,

    /// <summary>An error is pending.</summary>
    Failed = 8,

    /// <summary>The other side is closed; always reported.</summary>
    HungUp = 0x10,

    /// <summary>Asks for one report a change instead of one a wait.</summary>
    EdgeTriggered = 1u << 31,
}
