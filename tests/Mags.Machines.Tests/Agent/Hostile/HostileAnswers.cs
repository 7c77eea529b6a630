#pragma warning disable CA5394 // The same seed has to make the same answer again.
using Google.Protobuf;
using Mags.Protocol;

namespace Mags.Machines.Tests.Agent.Hostile;

/// <summary>Answers that no honest guest gives, each from its seed.</summary>
internal static class HostileAnswers
{
    /// <summary>What the guest does with one session.</summary>
    public static Func<Stream, CancellationToken, Task> Of(int seed)
    {
        var random = new Random(seed);
        var waits = random.Next(4) != 0;
        var answer = Bytes(random);
        var end = random.Next(4);
        return random.Next(20) switch
        {
            0 => (stream, cancelled) => BeforeTheSessionAsync(stream, answer, cancelled),
            1 => FakeGuest.DrainAsync,
            _ when waits => async (stream, cancelled) =>
                await InTheSessionAsync(await FakeGuest.AcceptCallAsync(stream, cancelled), answer, end, cancelled),
            _ => async (stream, cancelled) =>
                await InTheSessionAsync(await AgentSession.AcceptAsync(stream, cancelled), answer, end, cancelled),
        };
    }

    private static async Task InTheSessionAsync(Stream session, byte[] answer, int end, CancellationToken cancellationToken)
    {
        await session.WriteAsync(answer, cancellationToken);
        switch (end)
        {
            case 0:
                break; // Closes at once.
            case 1:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                break;
            default:
                await FakeGuest.DrainAsync(session, cancellationToken);
                break;
        }
    }

    private static async Task BeforeTheSessionAsync(Stream stream, byte[] answer, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(answer, cancellationToken);
        await FakeGuest.DrainAsync(stream, cancellationToken);
    }

    private static byte[] Bytes(Random random) => random.Next(7) switch
    {
        0 => Flipped(random, Http2.HonestAnswer()),
        1 => Http2.HonestAnswer()[..random.Next(Http2.HonestAnswer().Length)],
        2 => Garbage(random, random.Next(1, 5000)),
        3 => [.. Http2.Opening(), .. RandomFrames(random)],
        4 => RandomFrames(random),
        5 => [.. Http2.Opening(), .. Oversized(random)],
        _ => [.. Http2.Opening(), .. Lies(random), .. Http2.Closing()],
    };

    private static byte[] Flipped(Random random, byte[] bytes)
    {
        for (var flips = random.Next(1, 6); flips > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        }

        return bytes;
    }

    private static byte[] Garbage(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] RandomFrames(Random random)
    {
        var frames = new List<byte>();
        for (var count = random.Next(1, 20); count > 0; count--)
        {
            frames.AddRange(Http2.Frame(
                (byte)random.Next(12), (byte)random.Next(256), random.Next(4), Garbage(random, random.Next(40))));
        }

        return [.. frames];
    }

    private static byte[] Oversized(Random random) => random.Next(3) switch
    {
        0 => Http2.Frame(Http2.Data, 0, 1, Garbage(random, 100), claimedLength: random.Next(100, 1 << 24)),
        1 => Http2.Message(Garbage(random, 100), claimedLength: (uint)random.NextInt64(1 << 20, uint.MaxValue)),
        _ => Http2.Message(Garbage(random, 100), random.Next(2) == 0, (uint)random.Next(1 << 20)),
    };

    /// <summary>Messages in good form that say what cannot be.</summary>
    private static byte[] Lies(Random random)
    {
        var bytes = new List<byte>();
        for (var count = random.Next(1, 10); count > 0; count--)
        {
            bytes.AddRange(Http2.Message(Lie(random)));
        }

        return [.. bytes];
    }

    private static ExecOutput Lie(Random random) => random.Next(7) switch
    {
        0 => new ExecOutput(),
        1 => new ExecOutput { Started = new Mags.Protocol.ProcessStarted { Pid = random.Next(int.MinValue, int.MaxValue) } },
        2 => new ExecOutput { Failed = new ExecFailed { Message = new string('x', random.Next(5000)) + "\0\n" } },
        3 => new ExecOutput { StdinAck = (ulong)random.NextInt64() },
        4 => new ExecOutput { Exited = Exit(random) },
        5 => new ExecOutput { Chunk = Chunk(random, (ulong)random.Next(3)) },
        _ => new ExecOutput { Chunk = Chunk(random, ulong.MaxValue - (ulong)random.Next(3)) },
    };

    private static OutputChunk Chunk(Random random, ulong offset) => new()
    {
        Stream = (OutputStream)random.Next(-1, 5),
        Offset = offset,
        Data = ByteString.CopyFrom(Garbage(random, random.Next(40))),
    };

    private static Mags.Protocol.ProcessExited Exit(Random random) => new()
    {
        ExitCode = random.Next(2) == 0 ? random.Next(300) : random.Next(int.MinValue, int.MaxValue),
        Signal = random.Next(),
        TimedOut = random.Next(2) == 0,
        DurationUs = random.Next(2) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : long.MaxValue,
    };
}
