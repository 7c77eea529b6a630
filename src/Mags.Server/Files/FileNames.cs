using System.Text;

namespace Mags.Server.Files;

/// <summary>Makes plain names of what clients call their files: no path in it survives.</summary>
internal static class FileNames
{
    /// <summary>Longest name that a file system takes.</summary>
    private const int MaxBytes = 255;

    /// <summary>The plain name; or what is wrong with the one given. Exactly one of the two is set.</summary>
    public static (string? Name, string? Fault) ToPlain(string given)
    {
        // Clients of either kind of system send whole paths.
        var name = given[(given.LastIndexOfAny(['/', '\\']) + 1)..];
        if (name.Any(char.IsControl))
        {
            return (null, "its file name must not hold control characters");
        }

        if (name is "" or "." or "..")
        {
            return (null, $"its file name must be a plain name, not `{(given.Length <= 64 ? given : given[..64] + "…")}`");
        }

        var bytes = Encoding.UTF8.GetByteCount(name);
        return bytes > MaxBytes
            ? (null, $"its file name is {bytes} bytes long; the limit is {MaxBytes} bytes")
            : (name, null);
    }
}
