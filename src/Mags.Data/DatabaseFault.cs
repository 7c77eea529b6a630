namespace Mags.Data;

/// <summary>Kinds of <see cref="DatabaseException"/>.</summary>
public enum DatabaseFault
{
    /// <summary>A fault of the engine that is none of the others; the inner exception has its words.</summary>
    Engine,

    /// <summary>It cannot be opened or reached, or the connection broke. Whether a write counted may be unknown.</summary>
    Unavailable,

    /// <summary>Its disk is full.</summary>
    DiskFull,

    /// <summary>It may be read only.</summary>
    ReadOnly,

    /// <summary>Another process or transaction held it for too long.</summary>
    Busy,

    /// <summary>The row breaks a rule of the tables: a key exists already, or what it refers to does not.</summary>
    Conflict,

    /// <summary>The file is damaged or no database.</summary>
    Corrupt,

    /// <summary>A newer version of this program wrote it.</summary>
    NewerVersion,
}
