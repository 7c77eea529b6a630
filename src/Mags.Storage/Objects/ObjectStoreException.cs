namespace Mags.Storage.Objects;

/// <summary>The object store did not do what was asked. The message names the store and the cure.</summary>
public sealed class ObjectStoreException : Exception
{
    /// <summary>Makes it.</summary>
    public ObjectStoreException(ObjectStoreFault fault, string message, Exception? cause = null)
        : base(message, cause)
    {
        Fault = fault;
    }

    /// <summary>What kind of fault it is.</summary>
    public ObjectStoreFault Fault { get; }
}

/// <summary>What can be wrong with an object store.</summary>
public enum ObjectStoreFault
{
    /// <summary>It cannot be reached or does not answer well: later may do.</summary>
    Unreachable,

    /// <summary>It refuses the credentials, or what they may do.</summary>
    Denied,

    /// <summary>The bucket or folder is not there.</summary>
    Missing,

    /// <summary>It is full.</summary>
    Full,

    /// <summary>What it gave is not what was put there.</summary>
    Damaged,
}
