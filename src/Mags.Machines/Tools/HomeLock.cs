namespace Mags.Machines.Tools;

/// <summary>
/// A lock on one piece of work in the home, between processes (an advisory lock on a file, which the kernel drops
/// when its holder ends, however it ends).
/// </summary>
internal static class HomeLock
{
    private static readonly TimeSpan _retryEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until <paramref name="path"/> is locked by the caller; says so when another holds it.</summary>
    public static async Task<FileStream> TakeAsync(
        string path, TimeProvider time, IProgress<string> progress, CancellationToken cancellationToken)
    {
        for (var first = true; ; first = false)
        {
            var held = TryTake(path);
            if (held is not null)
            {
                return held;
            }

            if (first)
            {
                progress.Report($"waiting for another process that holds {path}");
            }

            await Task.Delay(_retryEvery, time, cancellationToken);
        }
    }

    private static FileStream? TryTake(string path)
    {
        const int wouldBlock = 11;
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken.HResult == wouldBlock)
        {
            return null;
        }
    }
}
