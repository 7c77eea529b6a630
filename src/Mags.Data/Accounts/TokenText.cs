using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Mags.Data.Accounts;

/// <summary>Text form of API tokens: <c>mags_</c> and 40 letters or digits, 238 random bits.</summary>
internal static class TokenText
{
    private const string Prefix = "mags_";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomLength = 40;

    private static readonly SearchValues<char> _alphabet = SearchValues.Create(Alphabet);

    public static string New() => Prefix + RandomNumberGenerator.GetString(Alphabet, RandomLength);

    /// <summary>Whether this may be a token at all. Saves a look-up for whatever else a client sends.</summary>
    public static bool IsWellFormed(string text) =>
        text.Length == Prefix.Length + RandomLength
        && text.StartsWith(Prefix, StringComparison.Ordinal)
        && !text.AsSpan(Prefix.Length).ContainsAnyExcept(_alphabet);

    /// <summary>
    /// What is stored and looked up. A plain fast hash suffices because the text is random and long: there is nothing
    /// to guess. A look-up by hash also leaks no useful time: who probes does not choose the hash's bytes.
    /// </summary>
    public static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
