using Mags.Machines.Nbd;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;
using static Mags.Machines.Tests.Fakes.FakeExport;

namespace Mags.Machines.Tests.Nbd;

public sealed class NbdClientTests : IAsyncDisposable
{
    private const long Size = 1 << 30;

    private readonly FakeExport _export = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _export.DisposeAsync();

    [Fact]
    public async Task ReadAsync_AnsweredInParts_FillsTheBuffer()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);
        var buffer = Enumerable.Repeat((byte)9, 8).ToArray();

        var reading = client.ReadAsync(4096, buffer, Token);
        var (command, cookie, offset, length) = await _export.HearRequestAsync();
        await _export.SendAsync(Chunk(1, cookie, [.. U64(4096), 1, 2, 3], isDone: false));
        await _export.SendAsync(Chunk(2, cookie, [.. U64(4099), .. U32(4)], isDone: false));
        await _export.SendAsync(Chunk(1, cookie, [.. U64(4103), 4]));
        await reading;

        Assert.Equal((0, 4096UL, 8u), (command, offset, length));
        Assert.Equal([1, 2, 3, 0, 0, 0, 0, 4], buffer);
        Assert.Equal(Size, client.Export.Size);
    }

    [Fact]
    public async Task ReadAsync_SeveralAnsweredInAnotherOrder_GetTheirOwn()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);
        var (first, second) = (new byte[1], new byte[1]);

        var reading = Task.WhenAll(client.ReadAsync(0, first, Token), client.ReadAsync(1, second, Token));
        var requests = new[] { await _export.HearRequestAsync(), await _export.HearRequestAsync() };
        foreach (var (_, cookie, offset, _) in requests.Reverse())
        {
            await _export.SendAsync(Chunk(1, cookie, [.. U64(offset), (byte)(offset + 1)]));
        }

        await reading;
        Assert.Equal((1, 2), (first[0], second[0]));
    }

    [Fact]
    public async Task ReadAsync_OfMoreThanOneRequestTakes_IsCut()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);

        var reading = client.ReadAsync(0, new byte[NbdClient.LongestTransfer + 5], Token);
        var lengths = new List<uint>();
        for (var i = 0; i < 2; i++)
        {
            var (_, cookie, offset, length) = await _export.HearRequestAsync();
            await _export.SendAsync(Chunk(2, cookie, [.. U64(offset), .. U32(length)]));
            lengths.Add(length);
        }

        await reading;
        Assert.Equal([NbdClient.LongestTransfer, 5], lengths);
    }

    [Fact]
    public async Task WriteAsync_AndZero_SendWhatTheyAreGiven()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);

        var writing = client.WriteAsync(512, new byte[] { 1, 2, 3 }, Token);
        var write = await _export.HearRequestAsync();
        Assert.Equal([1, 2, 3], await _export.HearAsync(3));
        await _export.SendAsync(Simple(write.Cookie));
        await writing;
        var zeroing = client.ZeroAsync(1024, 1 << 20, Token);
        var zero = await _export.HearRequestAsync();
        await _export.SendAsync(Chunk(0, zero.Cookie, []));
        await zeroing;

        Assert.Equal((1, 512UL, 3u), (write.Command, write.Offset, write.Length));
        Assert.Equal((6, 1024UL, 1u << 20), (zero.Command, zero.Offset, zero.Length));
    }

    [Fact]
    public async Task Request_ThatIsRefused_FailsAlone()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);

        var writing = client.WriteAsync(0, new byte[1], Token);
        var (_, cookie, _, _) = await _export.HearRequestAsync();
        _ = await _export.HearAsync(1);
        await _export.SendAsync(Chunk(0x8001, cookie, [.. U32(28), 0, 2, .. "no"u8]));
        var error = await Assert.ThrowsAsync<MachineException>(() => writing);
        Assert.Equal(MachineFault.NoResources, error.Reason);
        Assert.StartsWith("The server's disk is full", error.Message, StringComparison.Ordinal);

        var flushing = client.FlushAsync(Token);
        await _export.SendAsync(Simple((await _export.HearRequestAsync()).Cookie));
        await flushing;
    }

    [Fact]
    public async Task Request_ThatNobodyAnswers_FailsWhenItsTimeIsOver()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);

        var reading = client.ReadAsync(0, new byte[1], Token);
        _ = await _export.HearRequestAsync();
        // Its limit begins when it is sent, which is about when it is heard.
        while (!reading.IsCompleted)
        {
            _time.Advance(NbdClient.RequestLimit);
            await Task.Yield();
        }

        await Assert.ThrowsAsync<MachineException>(() => reading);
        await Assert.ThrowsAsync<MachineException>(() => client.FlushAsync(Token));
    }

    [Fact]
    public async Task ReadAsync_Cancelled_DoesNotTouchTheBufferAnyMore()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);
        using var cancel = new CancellationTokenSource();
        var buffer = new byte[4];

        var reading = client.ReadAsync(0, buffer, cancel.Token);
        var (_, cookie, _, _) = await _export.HearRequestAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await _export.SendAsync(Chunk(1, cookie, [.. U64(0), 1, 2, 3, 4]));

        // The connection goes on.
        var flushing = client.FlushAsync(Token);
        await _export.SendAsync(Simple((await _export.HearRequestAsync()).Cookie));
        await flushing;
        Assert.Equal(new byte[4], buffer);
    }

    [Fact]
    public async Task StatusAsync_BothContexts_AreTold()
    {
        await using var client = await _export.OpenAsync(Size, _time, Token);

        var asking = client.StatusAsync(0, 4096, Token);
        var (_, cookie, _, _) = await _export.HearRequestAsync();
        await _export.SendAsync(Chunk(5, cookie, [.. U32(Depth), .. U32(4096), .. U32(2)], isDone: false));
        await _export.SendAsync(Chunk(5, cookie, [.. U32(Allocation), .. U32(1024), .. U32(3), .. U32(9), .. U32(0)]));
        var status = await asking;

        Assert.Equal([new NbdSpan(4096, 2)], status.Depth);
        Assert.Equal([new NbdSpan(1024, 3), new NbdSpan(9, 0)], status.Allocation);
    }
}
