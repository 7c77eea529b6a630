using System.Buffers.Binary;
using System.Net.Sockets;
using Mags.Machines.Native;
using Mags.Machines.Nbd;

namespace Mags.Machines.Tests.Fakes;

/// <summary>Plays the other side of an NBD connection, as the test says.</summary>
internal sealed class FakeExport : IAsyncDisposable
{
    internal const uint Allocation = 7;
    internal const uint Depth = 9;

    private readonly TemporaryFolder _temporary = new();
    private readonly FolderHandle _folder;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private NetworkStream? _stream;
    private NetworkStream? _client;

    public FakeExport()
    {
        _folder = new FolderHandle(_temporary);
        _listener.Bind(new UnixDomainSocketEndPoint(_temporary.File("nbd")));
        _listener.Listen();
    }

    /// <summary>A client that has connected and has not agreed on anything yet.</summary>
    public async Task<Task<NbdClient>> ConnectAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        _client = await _folder.ConnectAsync("nbd", cancellationToken);
        _stream = new NetworkStream(await _listener.AcceptAsync(cancellationToken), ownsSocket: true);
        return NbdClient.ConnectAsync(_client, "layers", time, cancellationToken);
    }

    /// <summary>A client that has agreed on an export.</summary>
    public async Task<NbdClient> OpenAsync(long size, TimeProvider time, CancellationToken cancellationToken)
    {
        var connecting = await ConnectAsync(time, cancellationToken);
        await SendAsync([.. "NBDMAGIC"u8, .. "IHAVEOPT"u8, 0, 3]);
        _ = await HearAsync(4);
        _ = await HearOptionAsync();
        await SendAsync(Reply(8, 1, []));
        _ = await HearOptionAsync();
        await SendAsync([
            .. Reply(10, 4, [.. U32(Allocation), .. "base:allocation"u8]),
            .. Reply(10, 4, [.. U32(Depth), .. "qemu:allocation-depth"u8]),
            .. Reply(10, 1, [])]);
        _ = await HearOptionAsync();
        await SendAsync([.. Reply(7, 3, [0, 0, .. U64((ulong)size), 0, 0]), .. Reply(7, 1, [])]);
        return await connecting;
    }

    public async Task SendAsync(byte[] bytes) => await _stream!.WriteAsync(bytes);

    /// <summary>The next request: its command, its cookie, its offset and its length.</summary>
    public async Task<(ushort Command, ulong Cookie, ulong Offset, uint Length)> HearRequestAsync()
    {
        var request = await HearAsync(28);
        return (
            BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(6)),
            BinaryPrimitives.ReadUInt64BigEndian(request.AsSpan(8)),
            BinaryPrimitives.ReadUInt64BigEndian(request.AsSpan(16)),
            BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(24)));
    }

    /// <summary>The next bytes.</summary>
    public async Task<byte[]> HearAsync(int count)
    {
        var bytes = new byte[count];
        await _stream!.ReadExactlyAsync(bytes);
        return bytes;
    }

    /// <summary>A part of a structured reply.</summary>
    /// <param name="kind">What part.</param>
    /// <param name="cookie">Of which request.</param>
    /// <param name="payload">What it says.</param>
    /// <param name="isDone">Whether it is the last.</param>
    /// <param name="length">The length that it claims; null for the right one.</param>
    public static byte[] Chunk(ushort kind, ulong cookie, byte[] payload, bool isDone = true, uint? length = null) =>
        [0x66, 0x8e, 0x33, 0xef, 0, (byte)(isDone ? 1 : 0), .. U16(kind), .. U64(cookie), .. U32(length ?? (uint)payload.Length), .. payload];

    /// <summary>A reply without data.</summary>
    public static byte[] Simple(ulong cookie, uint error = 0) => [0x67, 0x44, 0x66, 0x98, .. U32(error), .. U64(cookie)];

    /// <summary>A reply to an option.</summary>
    public static byte[] Reply(uint option, uint kind, byte[] data, uint? length = null) =>
        [0x00, 0x03, 0xe8, 0x89, 0x04, 0x55, 0x65, 0xa9, .. U32(option), .. U32(kind), .. U32(length ?? (uint)data.Length), .. data];

    public static byte[] U16(ushort value) => [(byte)(value >> 8), (byte)value];

    public static byte[] U32(uint value) => [.. U16((ushort)(value >> 16)), .. U16((ushort)value)];

    public static byte[] U64(ulong value) => [.. U32((uint)(value >> 32)), .. U32((uint)value)];

    public void Close() => _stream!.Dispose();

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in (NetworkStream?[])[_stream, _client])
        {
            await (stream?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _listener.Dispose();
        _folder.Dispose();
        _temporary.Dispose();
    }

    private async Task<byte[]> HearOptionAsync()
    {
        var head = await HearAsync(16);
        return await HearAsync(BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(12)));
    }
}
