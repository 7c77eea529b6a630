namespace Mags.Cli.Output;

/// <summary>What each standard stream is.</summary>
/// <param name="InputIsTerminal">A person can be asked.</param>
/// <param name="OutputIsTerminal">Standard output is read by a person.</param>
/// <param name="ErrorIsTerminal">Standard error is read by a person: progress may be drawn in place.</param>
/// <param name="Color">Colours are welcome where a person reads.</param>
internal sealed record TerminalTraits(bool InputIsTerminal, bool OutputIsTerminal, bool ErrorIsTerminal, bool Color)
{
    public static TerminalTraits Detect(bool noColor) =>
        new(!Console.IsInputRedirected, !Console.IsOutputRedirected, !Console.IsErrorRedirected, !noColor);
}
