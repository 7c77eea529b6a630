namespace Mags.Machines.Nbd;

/// <summary>
/// Numbers of the network block device protocol, see https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md.
/// All are big-endian.
/// </summary>
internal static class NbdNumbers
{
    internal const ulong Greeting = 0x4e42444d41474943;
    internal const ulong Option = 0x49484156454f5054;
    internal const ulong OptionReply = 0x0003e889045565a9;
    internal const uint Request = 0x25609513;
    internal const uint SimpleReply = 0x67446698;
    internal const uint StructuredReply = 0x668e33ef;

    // Of both sides, at the greeting.
    internal const ushort FixedNewStyle = 1;

    internal const uint OptionGo = 7;
    internal const uint OptionStructuredReply = 8;
    internal const uint OptionSetMetaContext = 10;

    internal const uint Acknowledged = 1;
    internal const uint Info = 3;
    internal const uint MetaContext = 4;
    internal const ushort InfoExport = 0;

    internal const ushort Read = 0;
    internal const ushort Write = 1;
    internal const ushort Disconnect = 2;
    internal const ushort Flush = 3;
    internal const ushort WriteZeroes = 6;
    internal const ushort BlockStatus = 7;

    internal const ushort IsDone = 1;
    internal const ushort None = 0;
    internal const ushort OffsetData = 1;
    internal const ushort OffsetHole = 2;
    internal const ushort BlockStatusReply = 5;
    internal const ushort FirstError = 0x8000;

    internal const uint NoSpace = 28;

    /// <summary>In <c>base:allocation</c>: reads as zeros.</summary>
    internal const uint StateZero = 2;
}
