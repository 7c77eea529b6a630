using Mags.Protocol;

namespace Mags.Agent.Processes;

/// <summary>Consecutive output bytes of one stream.</summary>
/// <param name="Stream">Where the process wrote them.</param>
/// <param name="Offset">Position of the first byte, counted over both streams together.</param>
/// <param name="Data">The bytes; they never change, whoever still holds them.</param>
internal readonly record struct OutputSlice(OutputStream Stream, ulong Offset, ReadOnlyMemory<byte> Data);
