namespace Mags.Storage.Objects;

/// <summary>An object as a list shows it.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="WrittenAt">When it was last written, by the store's clock.</param>
public sealed record StoredObject(string Key, long Bytes, DateTimeOffset WrittenAt);

/// <summary>A small object that was read whole.</summary>
/// <param name="Content">Its content.</param>
/// <param name="Version">Changes with each write of another content.</param>
public sealed record StoredRecord(ReadOnlyMemory<byte> Content, string Version);
