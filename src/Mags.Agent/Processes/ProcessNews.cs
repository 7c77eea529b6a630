namespace Mags.Agent.Processes;

/// <summary>What a process has to tell a reader at some offset.</summary>
/// <param name="Output">The next bytes; null when there are none yet.</param>
/// <param name="End">How it ended; only behind the last byte.</param>
/// <param name="InputAccepted">Standard input bytes taken so far.</param>
/// <param name="IsForgotten">The bytes at the offset were acknowledged before and are gone.</param>
internal readonly record struct ProcessNews(
    OutputSlice? Output, ProcessEnd? End, ulong InputAccepted, bool IsForgotten);
