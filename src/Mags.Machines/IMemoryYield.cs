namespace Mags.Machines;

/// <summary>Something that holds memory of the node which it can give back when jobs wait for it.</summary>
public interface IMemoryYield
{
    /// <summary>Gives memory back, if it has any to give.</summary>
    /// <param name="bytes">How much is missing; less may be given, and more.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>True when some was given and is free by now: then it is worth to look again, and to ask again.</returns>
    ValueTask<bool> TryFreeAsync(long bytes, CancellationToken cancellationToken);
}
