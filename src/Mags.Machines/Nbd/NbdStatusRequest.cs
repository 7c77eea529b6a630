namespace Mags.Machines.Nbd;

/// <summary>Asks what lies where.</summary>
internal sealed class NbdStatusRequest(NbdExport export) : NbdRequest
{
    /// <summary>Which spans read as zeros; from the request's offset on.</summary>
    internal IReadOnlyList<NbdSpan> Allocation { get; private set; } = [];

    /// <summary>How deep in the chain what is there lies; from the request's offset on.</summary>
    internal IReadOnlyList<NbdSpan> Depth { get; private set; } = [];

    protected override bool IsWhole => Allocation.Count > 0 && Depth.Count > 0;

    internal override void TakeStatus(uint context, List<NbdSpan> spans)
    {
        var isRight = spans.Count > 0 && spans.TrueForAll(span => span.Length > 0);
        if (isRight && context == export.Allocation && Allocation.Count == 0)
        {
            Allocation = spans;
        }
        else if (isRight && context == export.Depth && Depth.Count == 0)
        {
            Depth = spans;
        }
        else
        {
            throw new InvalidDataException("The export told the state of nothing, or twice.");
        }
    }
}

/// <summary>A span of a disk.</summary>
/// <param name="Length">Its length in bytes.</param>
/// <param name="State">What a context says of it.</param>
internal readonly record struct NbdSpan(uint Length, uint State);
