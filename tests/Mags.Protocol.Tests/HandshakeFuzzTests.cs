#pragma warning disable CA5394 // The same seed has to make the same bytes again.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Protocol.Tests;

/// <summary>Whatever lies in the port before a handshake, the handshake opens the session at its first byte.</summary>
public sealed class HandshakeFuzzTests
{
    private const int DefaultInputs = 5_000;

    private static readonly byte[] _first = [1, 2, 3, 4, 5];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>More in the benchmark, which sets the variable.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where the fuzzing binds its environment.")]
    private static int Inputs =>
        int.TryParse(Environment.GetEnvironmentVariable("MAGS_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var count)
            ? count
            : DefaultInputs;

    [Fact]
    public async Task Dial_AfterAnyBytes_OpensAtTheFirstByte()
    {
        for (var seed = 0; seed < Inputs; seed++)
        {
            var random = new Random(seed);
            var (host, guest) = DuplexStream.MakePair();
            var dialling = AgentSession.DialAsync(host, TimeProvider.System, Cancelled);
            var hello = await new HandshakeReader(guest).ReadAsync(Cancelled);

            await WriteInPiecesAsync(
                guest, [.. Stale(random), .. new HandshakeMessage(HandshakeKind.Reply, hello.Nonce).ToBytes(), .. _first], random);

            await AssertOpensAsync(await dialling, seed);
        }
    }

    [Fact]
    public async Task Accept_AfterAnyBytes_OpensAtTheFirstByte()
    {
        for (var seed = 0; seed < Inputs; seed++)
        {
            var random = new Random(seed);
            var (host, guest) = DuplexStream.MakePair();
            var nonce = Bytes(random, HandshakeMessage.NonceLength);
            var accepting = AgentSession.AcceptAsync(guest, Cancelled);

            await WriteInPiecesAsync(
                host,
                [
                    .. Stale(random),
                    .. new HandshakeMessage(HandshakeKind.Hello, nonce).ToBytes(),
                    .. Stale(random),
                    .. new HandshakeMessage(HandshakeKind.Start, nonce).ToBytes(),
                    .. _first,
                ],
                random);

            await AssertOpensAsync(await accepting, seed);
        }
    }

    [Fact]
    public async Task Session_AfterAnyBytesInBothDirections_OpensAtTheFirstByte()
    {
        for (var seed = 0; seed < Inputs; seed++)
        {
            var random = new Random(seed);
            var (host, guest) = DuplexStream.MakePair();
            await WriteInPiecesAsync(host, AnythingOf(random), random);
            await WriteInPiecesAsync(guest, AnythingOf(random), random);
            var time = new FakeTimeProvider();

            // What swallows the beginning of a message is answered by the next hello, so time has to pass.
            var accepting = AgentSession.AcceptAsync(guest, Cancelled);
            var dialling = AgentSession.DialAsync(host, time, Cancelled);
            while (!dialling.IsCompleted || !accepting.IsCompleted)
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                await Task.Yield();
            }

            await (await dialling).WriteAsync(_first, Cancelled);
            await AssertOpensAsync(await accepting, seed);
            await (await accepting).WriteAsync(_first, Cancelled);
            await AssertOpensAsync(await dialling, seed);
        }
    }

    private static async Task AssertOpensAsync(Stream session, int seed)
    {
        var read = new byte[_first.Length];
        await session.ReadExactlyAsync(read, Cancelled);
        Assert.True(read.SequenceEqual(_first), $"seed {seed}: the session begins with {Convert.ToHexString(read)}");
    }

    // For a test that plays the other end and says each word once: no second hello, which would be newer than the one
    // that is answered, and at the end what no message reaches across.
    private static byte[] Stale(Random random) =>
        [.. BytesOf(random, HandshakeKind.Reply, HandshakeKind.Start), .. new byte[HandshakeMessage.Length]];

    private static byte[] AnythingOf(Random random) =>
        BytesOf(random, HandshakeKind.Hello, HandshakeKind.Reply, HandshakeKind.Start);

    /// <summary>Noise, messages and their parts.</summary>
    private static byte[] BytesOf(Random random, params HandshakeKind[] kinds)
    {
        var bytes = new List<byte>();
        for (var parts = random.Next(12); parts > 0; parts--)
        {
            var kind = kinds[random.Next(kinds.Length)];
            var message = new HandshakeMessage(kind, Bytes(random, HandshakeMessage.NonceLength)).ToBytes();
            bytes.AddRange(random.Next(3) switch
            {
                0 => message,
                1 => message[..random.Next(message.Length)],
                _ => Bytes(random, random.Next(random.Next(9000))),
            });
        }

        return [.. bytes];
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task WriteInPiecesAsync(DuplexStream stream, byte[] bytes, Random random)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, random.Next(1, 6000));
            await stream.WriteAsync(bytes.AsMemory(at, length), Cancelled);
            at += length;
        }
    }
}
