using System.Text.Json.Serialization;

namespace Mags.Machines.Images;

/// <summary>What is kept of an image in <c>images/NAME.json</c>. Fields may be added, never renamed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Digest"><c>sha256:</c> and the digest of the squashfs file.</param>
/// <param name="Size">Size of the file in bytes.</param>
/// <param name="BuiltAt">When the build ended.</param>
/// <param name="BuildSeconds">How long it took.</param>
/// <param name="Recipe">Digest of what it was built from: the recipe's files, or the tarball.</param>
internal sealed record ImageRecord(
    [property: JsonRequired] string Name,
    [property: JsonRequired] string Digest,
    long Size,
    DateTimeOffset BuiltAt,
    double BuildSeconds,
    string? Recipe);
