using System.Buffers.Binary;

namespace Mags.Machines.Nbd;

/// <summary>
/// Takes the replies of a peer, in whatever order they come. No length that it names makes room for anything: data goes
/// into what was asked for, piece by piece, and lists are as long as has come.
/// </summary>
/// <param name="reader">What the peer sends.</param>
/// <param name="find">The request of a cookie; null when there is none.</param>
/// <param name="end">Called when a request has its whole answer.</param>
internal sealed class NbdReplies(NbdReader reader, Func<ulong, NbdRequest?> find, Action<ulong> end)
{
    /// <summary>The most spans that a reply may list (QEMU lists that many).</summary>
    internal const int MostSpans = 128 * 1024;

    private const int LongestError = 4096;
    private const int SpanSize = 8;

    /// <summary>Takes replies until the peer closes.</summary>
    /// <exception cref="EndOfStreamException">It has.</exception>
    /// <exception cref="InvalidDataException">It said something that it must not.</exception>
    internal async Task RunAsync()
    {
        while (true)
        {
            var magic = BinaryPrimitives.ReadUInt32BigEndian((await reader.TakeAsync(4)).Span);
            switch (magic)
            {
                case NbdNumbers.SimpleReply:
                    TakeSimple((await reader.TakeAsync(12)).Span);
                    break;
                case NbdNumbers.StructuredReply:
                    await TakeChunkAsync();
                    break;
                default:
                    throw Violation("a reply that is none");
            }
        }
    }

    private void TakeSimple(ReadOnlySpan<byte> head)
    {
        var cookie = BinaryPrimitives.ReadUInt64BigEndian(head[4..]);
        var request = Find(cookie);
        request.TakeError(BinaryPrimitives.ReadUInt32BigEndian(head));
        request.Complete();
        end(cookie);
    }

    private async Task TakeChunkAsync()
    {
        var (flags, kind, cookie, length) = Parse((await reader.TakeAsync(16)).Span);
        var request = Find(cookie);
        if (kind >= NbdNumbers.FirstError)
        {
            await TakeErrorAsync(request, length);
        }
        else if (kind == NbdNumbers.OffsetData)
        {
            await TakeDataAsync(request, length);
        }
        else if (kind == NbdNumbers.OffsetHole && length == 12)
        {
            var hole = await reader.TakeAsync(12);
            request.TakeHole(
                BinaryPrimitives.ReadInt64BigEndian(hole.Span), BinaryPrimitives.ReadUInt32BigEndian(hole.Span[8..]));
        }
        else if (kind == NbdNumbers.BlockStatusReply)
        {
            await TakeStatusAsync(request, length);
        }
        else if (kind != NbdNumbers.None || length != 0)
        {
            throw Violation("a part of a reply that is none");
        }

        if ((flags & NbdNumbers.IsDone) != 0)
        {
            request.Complete();
            end(cookie);
        }
    }

    private static (ushort Flags, ushort Kind, ulong Cookie, uint Length) Parse(ReadOnlySpan<byte> head) => (
        BinaryPrimitives.ReadUInt16BigEndian(head),
        BinaryPrimitives.ReadUInt16BigEndian(head[2..]),
        BinaryPrimitives.ReadUInt64BigEndian(head[4..]),
        BinaryPrimitives.ReadUInt32BigEndian(head[12..]));

    private async Task TakeErrorAsync(NbdRequest request, uint length)
    {
        if (length is < 6 or > LongestError)
        {
            throw Violation("an error that is none");
        }

        var error = BinaryPrimitives.ReadUInt32BigEndian((await reader.TakeAsync((int)length)).Span);
        request.TakeError(error == 0 ? uint.MaxValue : error);
    }

    private async Task TakeDataAsync(NbdRequest request, uint length)
    {
        if (length is < 9 or > NbdClient.LongestTransfer + 8)
        {
            throw Violation("data of a length that was not asked for");
        }

        var offset = BinaryPrimitives.ReadInt64BigEndian((await reader.TakeAsync(8)).Span);
        for (var left = (int)length - 8; left > 0;)
        {
            var piece = await reader.TakeSomeAsync(left);
            request.TakeData(offset, piece.Span);
            offset += piece.Length;
            left -= piece.Length;
        }
    }

    private async Task TakeStatusAsync(NbdRequest request, uint length)
    {
        if (length < 4 || (length - 4) % SpanSize != 0 || (length - 4) / SpanSize > MostSpans)
        {
            throw Violation("a state of a length that it cannot have");
        }

        var context = BinaryPrimitives.ReadUInt32BigEndian((await reader.TakeAsync(4)).Span);
        var spans = new List<NbdSpan>();
        for (var left = (length - 4) / SpanSize; left > 0; left--)
        {
            var span = await reader.TakeAsync(SpanSize);
            spans.Add(new NbdSpan(
                BinaryPrimitives.ReadUInt32BigEndian(span.Span), BinaryPrimitives.ReadUInt32BigEndian(span.Span[4..])));
        }

        request.TakeStatus(context, spans);
    }

    private NbdRequest Find(ulong cookie) => find(cookie) ?? throw Violation("a reply to nothing");

    private static InvalidDataException Violation(string what) => new($"The export sent {what}.");
}
