using Mags.Machines.Tests.Fakes;
using static Mags.Machines.Tests.Fakes.FakeExport;

namespace Mags.Machines.Tests.Nbd;

/// <summary>What a QEMU can say that a guest has taken over: each is an error at once, and makes no room for anything.</summary>
public sealed class HostileExportTests : IAsyncDisposable
{
    private const long Size = 1 << 30;
    private const ulong Cookie = 1;

    private readonly FakeExport _export = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, byte[]> Replies { get; } = new()
    {
        { "no reply", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] },
        { "wrong cookie", Chunk(2, 99, [.. U64(0), .. U32(4096)]) },
        { "wrong cookie, simple", Simple(99) },
        { "data without an end", Chunk(1, Cookie, [.. U64(0), 1], length: uint.MaxValue) },
        { "no data", Chunk(1, Cookie, [.. U64(0)]) },
        { "more data than asked for", Chunk(1, Cookie, [.. U64(0), .. new byte[4097]]) },
        { "data before the span", Chunk(1, Cookie, [.. U64(ulong.MaxValue), .. new byte[4096]]) },
        { "data with a gap", Chunk(1, Cookie, [.. U64(1), .. new byte[4095]]) },
        { "a hole beyond the span", Chunk(2, Cookie, [.. U64(0), .. U32(uint.MaxValue)]) },
        { "a hole that is none", Chunk(2, Cookie, [.. U64(0)]) },
        { "too little", Chunk(1, Cookie, [.. U64(0), 1]) },
        { "nothing", Chunk(0, Cookie, []) },
        { "a yes without data", Simple(Cookie) },
        { "nothing with a length", Chunk(0, Cookie, [1, 2]) },
        { "a state", Chunk(5, Cookie, [.. U32(Depth), .. U32(1), .. U32(1)]) },
        { "an unknown part", Chunk(77, Cookie, []) },
        { "an error without an end", Chunk(0x8001, Cookie, [0, 0, 0, 5, 0, 0], length: 0x7fffffff) },
        { "an error that is none", Chunk(0x8001, Cookie, [1]) },
    };

    public static TheoryData<string, byte[]> States { get; } = new()
    {
        { "a list without an end", Chunk(5, Cookie, [.. U32(Depth), .. U32(1), .. U32(1)], length: 0xfffffffc) },
        { "a list that is cut", Chunk(5, Cookie, [.. U32(Depth), 1, 2, 3]) },
        { "no list", Chunk(5, Cookie, [.. U32(Depth)]) },
        { "a span of nothing", Chunk(5, Cookie, [.. U32(Depth), .. U32(0), .. U32(1)]) },
        { "an unknown context", Chunk(5, Cookie, [.. U32(1234), .. U32(1), .. U32(1)]) },
        { "one context", Chunk(5, Cookie, [.. U32(Depth), .. U32(1), .. U32(1)]) },
        { "data", Chunk(1, Cookie, [.. U64(0), 1]) },
        {
            "a context twice",
            [
                .. Chunk(5, Cookie, [.. U32(Depth), .. U32(1), .. U32(1)], isDone: false),
                .. Chunk(5, Cookie, [.. U32(Depth), .. U32(1), .. U32(1)]),
            ]
        },
    };

    public static TheoryData<string, byte[]> Greetings { get; } = new()
    {
        { "no greeting", new byte[18] },
        { "old style", [.. "NBDMAGIC"u8, .. "IHAVEOPT"u8, 0, 0] },
        { "a refusal", [.. Hello, .. Reply(8, 0x80000001, [])] },
        { "another option", [.. Hello, .. Reply(7, 1, [])] },
        { "a reply without an end", [.. Hello, .. Reply(8, 1, [], length: uint.MaxValue)] },
        { "no contexts", [.. Hello, .. Reply(8, 1, []), .. Reply(10, 1, [])] },
        {
            "replies without an end",
            [.. Hello, .. Reply(8, 1, []), .. Enumerable.Repeat(Reply(10, 4, [.. U32(1), .. "x"u8]), 100).SelectMany(reply => reply)]
        },
        { "no export", [.. Agreed, .. Reply(7, 1, [])] },
        { "an export of less than nothing", [.. Agreed, .. Reply(7, 3, [0, 0, .. U64(ulong.MaxValue), 0, 0]), .. Reply(7, 1, [])] },
        { "information that is none", [.. Agreed, .. Reply(7, 3, [0, 0, 1]), .. Reply(7, 1, [])] },
    };

    private static byte[] Hello => [.. "NBDMAGIC"u8, .. "IHAVEOPT"u8, 0, 3];

    private static byte[] Agreed =>
    [
        .. Hello,
        .. Reply(8, 1, []),
        .. Reply(10, 4, [.. U32(Allocation), .. "base:allocation"u8]),
        .. Reply(10, 4, [.. U32(Depth), .. "qemu:allocation-depth"u8]),
        .. Reply(10, 1, []),
    ];

    public ValueTask DisposeAsync() => _export.DisposeAsync();

    [Theory]
    [MemberData(nameof(Replies))]
    public async Task Read_AnsweredWrongly_IsAnError(string what, byte[] said)
    {
        await using var client = await _export.OpenAsync(Size, TimeProvider.System, Token);
        var reading = client.ReadAsync(0, new byte[4096], Token);
        _ = await _export.HearRequestAsync();

        await _export.SendAsync(said);

        var error = await Assert.ThrowsAsync<MachineException>(() => reading);
        Assert.True(error.Reason == MachineFault.Hypervisor, what);
        // And there is no more to be had from it.
        await Assert.ThrowsAsync<MachineException>(() => client.FlushAsync(Token));
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task Status_AnsweredWrongly_IsAnError(string what, byte[] said)
    {
        await using var client = await _export.OpenAsync(Size, TimeProvider.System, Token);
        var asking = client.StatusAsync(0, 4096, Token);
        _ = await _export.HearRequestAsync();

        await _export.SendAsync(said);

        var error = await Assert.ThrowsAsync<MachineException>(() => asking);
        Assert.True(error.Reason == MachineFault.Hypervisor, what);
    }

    [Theory]
    [MemberData(nameof(Greetings))]
    public async Task Connect_AnsweredWrongly_IsAnError(string what, byte[] said)
    {
        var connecting = await _export.ConnectAsync(TimeProvider.System, Token);

        await _export.SendAsync(said);

        var error = await Assert.ThrowsAsync<MachineException>(() => connecting);
        Assert.True(error.Reason == MachineFault.Hypervisor, what);
    }

    [Fact]
    public async Task Requests_WhenThePeerIsGone_AllFail()
    {
        await using var client = await _export.OpenAsync(Size, TimeProvider.System, Token);
        var reading = Enumerable.Range(0, 40).Select(i => client.ReadAsync(i, new byte[1], Token)).ToList();
        _ = await _export.HearRequestAsync();

        _export.Close();

        foreach (var one in reading)
        {
            await Assert.ThrowsAsync<MachineException>(() => one);
        }
    }

    [Fact]
    public async Task Connect_ToAPeerThatCloses_IsAnError()
    {
        var connecting = await _export.ConnectAsync(TimeProvider.System, Token);

        _export.Close();

        await Assert.ThrowsAsync<MachineException>(() => connecting);
    }
}
