using System.Text;
using Mags.Cli.Output;

namespace Mags.Cli.Commands.Jobs;

/// <summary>
/// What <c>run X</c> means: <c>-</c> is standard input; X is a file only if it holds a <c>/</c> or ends in
/// <c>.sh</c>, and exists; else it is the script.
/// </summary>
internal static class ScriptSource
{
    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    public static async Task<string> ReadAsync(string text, Terminal terminal, CancellationToken cancellationToken)
    {
        if (text == "-")
        {
            return Decode(await terminal.ReadInputAsync(cancellationToken), "standard input");
        }

        if (!IsFile(text))
        {
            return text;
        }

        try
        {
            return Decode(await File.ReadAllBytesAsync(text, cancellationToken), text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {text}: {e.Message}", innerException: e);
        }
    }

    private static bool IsFile(string text) =>
        (text.Contains('/', StringComparison.Ordinal) || text.EndsWith(".sh", StringComparison.Ordinal))
        && File.Exists(text);

    private static string Decode(byte[] bytes, string source)
    {
        try
        {
            return _strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new CliException($"the script in {source} is not UTF-8 text", innerException: e);
        }
    }
}
