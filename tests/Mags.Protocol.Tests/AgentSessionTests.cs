using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Protocol.Tests;

public sealed class AgentSessionTests : IDisposable
{
    private readonly DuplexStream _host;
    private readonly DuplexStream _guest;

    public AgentSessionTests() => (_host, _guest) = DuplexStream.MakePair();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _host.Dispose();
        _guest.Dispose();
    }

    [Fact]
    public async Task DialAndAccept_CleanStream_PassBytesBothWays()
    {
        await OpenAndExchangeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(4096)]
    [InlineData(30_000)]
    public async Task DialAndAccept_StaleBytesBothWays_AreDropped(int count)
    {
        var stale = RandomNumberGenerator.GetBytes(count);
        await _host.WriteAsync(stale, Cancelled);
        await _guest.WriteAsync(stale, Cancelled);

        await OpenAndExchangeAsync();
    }

    [Theory]
    [InlineData("m")]
    [InlineData("mags:agent:")]
    [InlineData("mags:agent:mags:agent:HELL")]
    [InlineData("mags:agent:OTHER0123456789abcdef")]
    public async Task DialAndAccept_StaleBytesThatLookLikeAMark_AreDropped(string stale)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(stale);
        await _host.WriteAsync(bytes, Cancelled);
        await _guest.WriteAsync(bytes, Cancelled);

        await OpenAndExchangeAsync();
    }

    [Fact]
    public async Task DialAndAccept_AnOlderHandshakeWasLeftHalfway_OpenTheNewOne()
    {
        // A host that said hello and went away; its answer still waits, and so does a start for a nonce of the past.
        await _host.WriteAsync(new HandshakeMessage(HandshakeKind.Hello, NonceOf(1)).ToBytes(), Cancelled);
        await _host.WriteAsync(new HandshakeMessage(HandshakeKind.Start, NonceOf(2)).ToBytes(), Cancelled);
        await _guest.WriteAsync(new HandshakeMessage(HandshakeKind.Reply, NonceOf(3)).ToBytes(), Cancelled);

        await OpenAndExchangeAsync();
    }

    [Fact]
    public async Task Accept_BytesComeWithTheStart_AreTheSessionsFirst()
    {
        var accepting = AgentSession.AcceptAsync(_guest, Cancelled);
        var start = new HandshakeMessage(HandshakeKind.Start, NonceOf(7)).ToBytes();
        await _host.WriteAsync(new HandshakeMessage(HandshakeKind.Hello, NonceOf(7)).ToBytes(), Cancelled);
        await _host.WriteAsync((byte[])[.. start, 1, 2, 3], Cancelled);

        var session = await accepting;

        var buffer = new byte[16];
        await session.ReadExactlyAsync(buffer.AsMemory(0, 3), Cancelled);
        Assert.Equal([1, 2, 3], buffer[..3]);
    }

    [Fact]
    public async Task Accept_EveryByteAlone_OpensTheSession()
    {
        var accepting = AgentSession.AcceptAsync(_guest, Cancelled);
        byte[] all =
        [
            9, 9,
            .. new HandshakeMessage(HandshakeKind.Hello, NonceOf(7)).ToBytes(),
            .. new HandshakeMessage(HandshakeKind.Start, NonceOf(7)).ToBytes(),
        ];
        foreach (var single in all)
        {
            await _host.WriteAsync(new[] { single }, Cancelled);
        }

        var session = await accepting;

        Assert.True(session.CanRead);
    }

    [Fact]
    public async Task Accept_StreamEnds_Throws()
    {
        await _host.WriteAsync(new HandshakeMessage(HandshakeKind.Hello, NonceOf(1)).ToBytes(), Cancelled);
        _host.CloseOutput();

        await Assert.ThrowsAsync<EndOfStreamException>(() => AgentSession.AcceptAsync(_guest, Cancelled));
    }

    [Fact]
    public async Task Dial_NoAnswer_SaysHelloAgainWithANewNonceAndIgnoresTheLateAnswer()
    {
        var time = new FakeTimeProvider();
        var reader = new HandshakeReader(_guest);
        var dialling = AgentSession.DialAsync(_host, time, Cancelled);
        var first = await reader.ReadAsync(Cancelled);
        time.Advance(TimeSpan.FromMilliseconds(250));
        var second = await reader.ReadAsync(Cancelled);

        await _guest.WriteAsync(new HandshakeMessage(HandshakeKind.Reply, first.Nonce).ToBytes(), Cancelled);
        Assert.False(dialling.IsCompleted);
        await _guest.WriteAsync(new HandshakeMessage(HandshakeKind.Reply, second.Nonce).ToBytes(), Cancelled);
        await dialling;

        var start = await reader.ReadAsync(Cancelled);
        Assert.NotEqual(first.Nonce, second.Nonce);
        Assert.Equal(HandshakeKind.Start, start.Kind);
        Assert.Equal(second.Nonce, start.Nonce);
    }

    [Fact]
    public async Task Dial_Cancelled_Throws()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var dialling = AgentSession.DialAsync(_host, TimeProvider.System, stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialling);
    }

    private static byte[] NonceOf(byte value) => [.. Enumerable.Repeat(value, HandshakeMessage.NonceLength)];

    private async Task OpenAndExchangeAsync()
    {
        var accepting = AgentSession.AcceptAsync(_guest, Cancelled);
        var host = await AgentSession.DialAsync(_host, TimeProvider.System, Cancelled);
        await host.WriteAsync("from host"u8.ToArray(), Cancelled);
        var guest = await accepting;
        await guest.WriteAsync("from guest"u8.ToArray(), Cancelled);

        var (atHost, atGuest) = (new byte[10], new byte[9]);
        await host.ReadExactlyAsync(atHost, Cancelled);
        await guest.ReadExactlyAsync(atGuest, Cancelled);
        Assert.Equal("from guest"u8.ToArray(), atHost);
        Assert.Equal("from host"u8.ToArray(), atGuest);
    }
}
