namespace Mags.Bench.Durability;

/// <summary>What is ended by <c>kill -9</c> in a round.</summary>
internal enum Kill
{
    /// <summary>The server, and its machines soon after.</summary>
    Server,

    /// <summary>One QEMU: of a sandbox, of a sync, or of a merge.</summary>
    Qemu,

    /// <summary>One QEMU and the server at once.</summary>
    Both,

    /// <summary>The server, and again while it makes up for that.</summary>
    ServerTwice,

    /// <summary>The server and all machines; and what the node has of persistent workspaces and of their image is deleted.</summary>
    Node,
}
