namespace Mags.Machines;

/// <summary>A file for a machine.</summary>
/// <param name="Name">Its plain name, at most 255 bytes.</param>
/// <param name="OpenAsync">Opens its content, to be read once to its end. It throws before that end if it is not whole.</param>
public sealed record MachineFile(string Name, Func<CancellationToken, Task<Stream>> OpenAsync);
