namespace Mags.Machines.Images;

/// <summary>A root file system that machines can be made from.</summary>
/// <param name="Name">Its name; building it again replaces what the name means.</param>
/// <param name="Digest"><c>sha256:</c> and the hexadecimal digest of the file.</param>
/// <param name="SizeBytes">Size of the file.</param>
/// <param name="BuiltAt">When the build ended.</param>
/// <param name="BuildTime">How long the build took.</param>
/// <param name="Path">Path of the squashfs file; it is never changed.</param>
public sealed record Image(
    string Name, string Digest, long SizeBytes, DateTimeOffset BuiltAt, TimeSpan BuildTime, string Path);
