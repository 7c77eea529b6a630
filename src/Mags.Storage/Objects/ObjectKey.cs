namespace Mags.Storage.Objects;

/// <summary>What a key may be, so that it means the same in every store and never leads out of a folder.</summary>
internal static class ObjectKey
{
    private const int MaxLength = 512;

    /// <exception cref="ArgumentException">It may not be one.</exception>
    public static void Check(string key)
    {
        if (key.Length is 0 or > MaxLength || key.Split('/').Any(part => !IsPart(part)))
        {
            throw new ArgumentException($"`{key}` is no object key", nameof(key));
        }
    }

    /// <summary>Checks what keys may begin with: nothing, or whole parts and the beginning of the last one.</summary>
    /// <exception cref="ArgumentException">No key begins like this.</exception>
    public static void CheckPrefix(string prefix)
    {
        if (prefix.Length > 0)
        {
            Check(prefix.EndsWith('/') ? prefix + "x" : prefix);
        }
    }

    private static bool IsPart(string part) =>
        part.Length > 0 && part[0] != '.' && part.All(letter => char.IsAsciiLetterLower(letter)
            || char.IsAsciiDigit(letter) || letter is '.' or '_' or '-');
}
