using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Mags.Data.Sqlite;

/// <summary>
/// Ids as 16 bytes, most significant first: version 7 ids then sort by time and are appended at an index's end.
/// </summary>
internal sealed class GuidBytesConverter() : ValueConverter<Guid, byte[]>(
    id => id.ToByteArray(true),
    bytes => new Guid(bytes, true));
