namespace Mags.Data;

/// <summary>The database did not do what was asked. The message is a sentence for whoever runs the server.</summary>
public sealed class DatabaseException(DatabaseFault reason, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What kind of fault.</summary>
    public DatabaseFault Reason { get; } = reason;
}
