using System.Net.Sockets;
using Mags.Machines.Network;

namespace Mags.Machines.Tests.Network;

/// <summary>When passt is started for a machine, and what it finds then.</summary>
public sealed class NetworkWireTests : IAsyncDisposable
{
    private readonly SocketPair _pair = SocketPair.Make();
    private readonly TaskCompletionSource<int> _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Socket _guest;
    private readonly NetworkWire _wire;

    public NetworkWireTests()
    {
#pragma warning disable CA2000 // The socket owns it.
        _guest = new Socket(new SafeSocketHandle(_pair.Guest.DangerousGetHandle(), ownsHandle: false));
#pragma warning restore CA2000
        _wire = new NetworkWire(_pair.Host, end =>
        {
            using var handle = new SafeSocketHandle(end.DangerousGetHandle(), ownsHandle: false);
            using var socket = new Socket(handle);
            _waiting.SetResult(socket.Available);
            return Task.FromResult<PasstProcess?>(null);
        });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _wire.DisposeAsync();
        _guest.Dispose();
        _pair.Dispose();
    }

    [Fact]
    public async Task Packet_AfterIntroductions_StartsPasstAndWaitsForItAlone()
    {
        var packet = Frame(0x0800);
        await _guest.SendAsync(Frame(0x8035), Token);
        await _guest.SendAsync(Frame(0x8035), Token);
        Assert.False(_waiting.Task.IsCompleted);

        await _guest.SendAsync(packet, Token);

        Assert.Equal(packet.Length, await _waiting.Task.WaitAsync(Token));
    }

    [Fact]
    public async Task Introductions_WithoutEnd_AreLeftToPasst()
    {
        for (var sent = 0; sent < 100; sent++)
        {
            await _guest.SendAsync(Frame(0x8035), Token);
        }

        _ = await _waiting.Task.WaitAsync(Token);
    }

    private static byte[] Frame(int type)
    {
        var frame = new byte[64];
        (frame[3], frame[16], frame[17]) = (60, (byte)(type >> 8), (byte)type);
        return frame;
    }
}
