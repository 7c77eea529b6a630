using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Compression;
using Google.Protobuf;
using Mags.Machines.Agent;
using Mags.Protocol;

namespace Mags.Machines.Tests.Agent.Hostile;

/// <summary>A guest in hostile hands may write what it likes: the host's side ends, within its limits and its memory.</summary>
public sealed class HostileGuestTests
{
    private const int DefaultInputs = 5_000;
    private const int AtOnce = 16;
    private const int Haste = 4_000;
    private const long RoomBytes = 128 * 1024 * 1024;

    // One in so many guests never says an honest word; the others do so from their second session on.
    private const int HostileForEver = 16;

    private static readonly ProcessSpec _process = new() { Arguments = ["/bin/sh"], Script = "echo hi"u8.ToArray() };

    // What the owner of a process sets; longer than all attempts together may take.
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(120);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>More in the benchmark, which sets the variable.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where the fuzzing binds its environment.")]
    private static int Inputs =>
        int.TryParse(Environment.GetEnvironmentVariable("MAGS_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var count)
            ? count
            : DefaultInputs;

    [Fact]
    public async Task Answers_OfAnyKind_EndTheProcessAndLeaveNothing()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Inputs),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Token },
            async (seed, _) =>
            {
                try
                {
                    await RunAsync(seed);
                }
                catch (Exception fault)
                {
                    throw new InvalidOperationException($"The guest with seed {seed} did harm: {fault}", fault);
                }
            });

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, RoomBytes);
    }

    [Fact]
    public async Task Message_ThatIsPacked_IsRefusedUnopened()
    {
        var large = new ExecOutput
        {
            Chunk = new OutputChunk { Data = ByteString.CopyFrom(new byte[16 * 1024 * 1024]) },
        };
        var answer = (byte[])[.. Http2.Opening("gzip"), .. Http2.Message(Pack(large.ToByteArray()), compressed: true)];
        var error = await EndAsync(Says(answer));

        Assert.Contains("Unsupported grpc-encoding", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_OfMoreThanAMebibyte_IsRefused()
    {
        // Its length alone is enough: room would be made for it before it has come.
        var error = await EndAsync(Says(
            [.. Http2.Opening(), .. Http2.Message(new byte[100], claimedLength: (1024 * 1024) + 1)]));

        Assert.Contains("exceeds the maximum configured message size", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(256)]
    public async Task ExitCode_ThatNoProcessHas_IsTheGuestsFault(int code)
    {
        var answer = (byte[])
        [
            .. Http2.Opening(),
            .. Http2.Message(new ExecOutput { Exited = new Mags.Protocol.ProcessExited { ExitCode = code } }),
        ];

        var error = await EndAsync(Says(answer));

        Assert.Equal($"The guest reports exit code {code}, which no process can have.", error.Message);
    }

    [Fact]
    public async Task Reason_OfAGuest_IsOneShortLineOfTheError()
    {
        var answer = (byte[])
        [
            .. Http2.Opening(),
            .. Http2.Message(new ExecOutput { Failed = new ExecFailed { Message = "a\r\nb\0" + new string('x', 100_000) } }),
        ];

        var error = await EndAsync(Says(answer));

        Assert.StartsWith("/bin/sh could not be run: a  b xxx", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1, GuestWord.LongestText + 50);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public async Task Duration_LongerThanTheHostKnowsTheProcess_IsCut(long micros)
    {
        var answer = (byte[])
        [
            .. Http2.Opening(),
            .. Http2.Message(new ExecOutput { Exited = new Mags.Protocol.ProcessExited { DurationUs = micros } }),
        ];
        var began = TimeProvider.System.GetTimestamp();

        var exited = await RunAsync(Says(answer), TimeProvider.System, Token);

        Assert.InRange(exited.Duration, TimeSpan.Zero, TimeProvider.System.GetElapsedTime(began));
    }

    [Fact]
    public async Task Session_ThatEndsAtOnce_SaysWhyAndNotThatACallWasCancelled()
    {
        var error = await EndAsync((_, _, _) => Task.CompletedTask);

        Assert.Contains("Error starting gRPC call. HttpRequestException: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cancel", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Guest_ThatReadsNothing_IsGivenUp()
    {
        await using var guest = new FakeGuest(async (_, stream, cancelled) =>
        {
            await AgentSession.AcceptAsync(stream, cancelled);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancelled);
        });
        var clock = new HastyClock(100);
        await using var channel = new AgentChannel(guest.ConnectAsync, clock);
        // More than fits on the way to it.
        var script = new ProcessSpec { Arguments = ["/bin/sh"], Script = new byte[1024 * 1024] };
        await using var process = new GuestProcess(channel, script, clock, Token);

        var error = await Assert.ThrowsAsync<MachineException>(process.NextAsync);

        Assert.Contains("it took no call within 15 s", error.Message, StringComparison.Ordinal);
    }

    private static async Task RunAsync(int seed)
    {
        var clock = new HastyClock(Haste);
        var answer = HostileAnswers.Of(seed);
        using var watchdog = new CancellationTokenSource(_limit, clock);
        try
        {
            _ = await RunAsync(
                (session, stream, cancelled) => session == 0 || seed % HostileForEver == 0
                    ? answer(stream, cancelled)
                    : AnswerAsync(stream, Http2.HonestAnswer(), cancelled),
                clock,
                watchdog.Token);
        }
        catch (Exception e) when (e is MachineException || (e is OperationCanceledException && watchdog.IsCancellationRequested))
        {
            // These two ways to end, beside a process's, are all there are.
        }
    }

    private static async Task<MachineException> EndAsync(Func<int, Stream, CancellationToken, Task> guest) =>
        await Assert.ThrowsAsync<MachineException>(() => RunAsync(guest, new HastyClock(10), Token));

    private static async Task<Mags.Machines.ProcessExited> RunAsync(
        Func<int, Stream, CancellationToken, Task> behave, TimeProvider clock, CancellationToken cancellationToken)
    {
        await using var guest = new FakeGuest(behave);
        await using var channel = new AgentChannel(guest.ConnectAsync, clock);
        await using var process = new GuestProcess(channel, _process, clock, cancellationToken);
        ProcessEvent? last = null;
        while (await process.NextAsync() is { } next)
        {
            last = next;
        }

        return Assert.IsType<Mags.Machines.ProcessExited>(last);
    }

    private static Func<int, Stream, CancellationToken, Task> Says(byte[] answer) =>
        (_, stream, cancelled) => AnswerAsync(stream, answer, cancelled);

    private static async Task AnswerAsync(Stream stream, byte[] answer, CancellationToken cancellationToken)
    {
        var session = await FakeGuest.AcceptCallAsync(stream, cancellationToken);
        await session.WriteAsync(answer, cancellationToken);
        await FakeGuest.AwaitEndOfCallAsync(session, cancellationToken);
    }

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var packing = new GZipStream(packed, CompressionLevel.Optimal))
        {
            packing.Write(bytes);
        }

        return packed.ToArray();
    }
}
