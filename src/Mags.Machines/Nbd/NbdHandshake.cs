using System.Buffers.Binary;
using System.Text;

namespace Mags.Machines.Nbd;

/// <summary>
/// Agrees with a peer on an export, structured replies, and telling what is allocated where. A peer that cannot do one of
/// these, or says anything unexpected, is an error.
/// </summary>
internal sealed class NbdHandshake(Stream stream, NbdReader reader, string export)
{
    private const int LongestReply = 4096;

    // Of one option; a real peer sends three.
    private const int MostReplies = 16;

    private const string Allocation = "base:allocation";
    private const string Depth = "qemu:allocation-depth";

    /// <summary>Does it; what follows are requests.</summary>
    /// <exception cref="InvalidDataException">The peer said something that it must not.</exception>
    internal async Task<NbdExport> RunAsync(CancellationToken cancellationToken)
    {
        var greeting = await reader.TakeAsync(18, cancellationToken);
        Require(
            BinaryPrimitives.ReadUInt64BigEndian(greeting.Span) == NbdNumbers.Greeting
            && BinaryPrimitives.ReadUInt64BigEndian(greeting.Span[8..]) == NbdNumbers.Option
            && (BinaryPrimitives.ReadUInt16BigEndian(greeting.Span[16..]) & NbdNumbers.FixedNewStyle) != 0,
            "greeting");
        await stream.WriteAsync(new byte[] { 0, 0, 0, (byte)NbdNumbers.FixedNewStyle }, cancellationToken);

        await foreach (var _ in AskAsync(NbdNumbers.OptionStructuredReply, [], cancellationToken))
        {
            throw Violation("reply to the option of structured replies");
        }

        var contexts = new Dictionary<string, uint>(StringComparer.Ordinal);
        await foreach (var (kind, data) in AskAsync(NbdNumbers.OptionSetMetaContext, ContextQuery(), cancellationToken))
        {
            Require(kind == NbdNumbers.MetaContext && data.Length > 4, "meta context");
            contexts[Encoding.UTF8.GetString(data.AsSpan(4))] = BinaryPrimitives.ReadUInt32BigEndian(data);
        }

        Require(
            contexts.TryGetValue(Allocation, out var allocation) & contexts.TryGetValue(Depth, out var depth)
            && allocation != depth,
            "meta contexts");
        return new NbdExport(await GoAsync(cancellationToken), allocation, depth);
    }

    private async Task<long> GoAsync(CancellationToken cancellationToken)
    {
        long size = 0;
        await foreach (var (kind, data) in AskAsync(NbdNumbers.OptionGo, [.. Text(export), 0, 0], cancellationToken))
        {
            Require(kind == NbdNumbers.Info && data.Length >= 2, "information on the export");
            if (BinaryPrimitives.ReadUInt16BigEndian(data) == NbdNumbers.InfoExport)
            {
                Require(data.Length == 12, "information on the export");
                size = BinaryPrimitives.ReadInt64BigEndian(data.AsSpan(2));
            }
        }

        Require(size > 0, "size of the export");
        return size;
    }

    /// <summary>Asks for an option; gives the replies before the last, which is a yes.</summary>
    private async IAsyncEnumerable<(uint Kind, byte[] Data)> AskAsync(
        uint option,
        byte[] data,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var question = new byte[16 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(question, NbdNumbers.Option);
        BinaryPrimitives.WriteUInt32BigEndian(question.AsSpan(8), option);
        BinaryPrimitives.WriteInt32BigEndian(question.AsSpan(12), data.Length);
        data.CopyTo(question, 16);
        await stream.WriteAsync(question, cancellationToken);
        for (var count = 0; count < MostReplies; count++)
        {
            var head = await reader.TakeAsync(20, cancellationToken);
            var kind = BinaryPrimitives.ReadUInt32BigEndian(head.Span[12..]);
            var length = BinaryPrimitives.ReadUInt32BigEndian(head.Span[16..]);
            Require(
                BinaryPrimitives.ReadUInt64BigEndian(head.Span) == NbdNumbers.OptionReply
                && BinaryPrimitives.ReadUInt32BigEndian(head.Span[8..]) == option
                && length <= LongestReply,
                "reply to an option");
            var answer = (await reader.TakeAsync((int)length, cancellationToken)).ToArray();
            if (kind == NbdNumbers.Acknowledged)
            {
                yield break;
            }

            yield return (kind, answer);
        }

        throw Violation("number of replies to an option");
    }

    private byte[] ContextQuery() => [.. Text(export), 0, 0, 0, 2, .. Text(Allocation), .. Text(Depth)];

    private static byte[] Text(string text)
    {
        var bytes = new byte[4 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Encoding.UTF8.GetBytes(text, bytes.AsSpan(4)));
        return bytes;
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw Violation(what);
        }
    }

    private static InvalidDataException Violation(string what) => new($"The export's {what} is not one.");
}
