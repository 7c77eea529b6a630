namespace Mags.Storage.Objects.Folders;

/// <summary>What a file call's failure means to whoever runs the store.</summary>
internal static class FolderFault
{
    private const int NoSpace = 28, ReadOnly = 30, OverQuota = 122;

    public static bool IsOne(Exception exception) => exception is IOException or UnauthorizedAccessException;

    public static ObjectStoreException Of(string root, Exception exception) => exception switch
    {
        UnauthorizedAccessException or IOException { HResult: ReadOnly } => new(
            ObjectStoreFault.Denied,
            $"the object store's folder {root} may not be written or read ({exception.Message}): give it to the user that runs magsd",
            exception),
        IOException { HResult: NoSpace or OverQuota } => new(
            ObjectStoreFault.Full,
            $"the object store's folder {root} is full: make room on its file system, or name a larger one (`ObjectStore:Folder`)",
            exception),
        DirectoryNotFoundException or FileNotFoundException => new(
            ObjectStoreFault.Missing,
            $"the object store's folder {root} is not there ({exception.Message}): is its file system mounted?",
            exception),
        _ => new(
            ObjectStoreFault.Unreachable,
            $"the object store's folder {root} does not answer well: {exception.Message}",
            exception),
    };
}
