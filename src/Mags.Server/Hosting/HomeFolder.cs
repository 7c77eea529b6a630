namespace Mags.Server.Hosting;

/// <summary>The folder that holds everything the server writes.</summary>
internal static class HomeFolder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the folder when there is none, and sees that it can be written.</summary>
    /// <exception cref="ServerException">It cannot be.</exception>
    public static void Prepare(string home)
    {
        try
        {
            if (!Directory.Exists(home))
            {
                Directory.CreateDirectory(home, Private);
            }

            var probe = Path.Combine(home, $".write-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "mags");
            File.Delete(probe);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Unwritable(home, exception);
        }
        catch (IOException exception)
        {
            throw DiskFault.IsDiskFull(exception)
                ? new ServerException(ExitCode.Home, $"the disk of the home folder {home} is full", exception)
                : Unwritable(home, exception);
        }
    }

    private static ServerException Unwritable(string home, Exception cause) => new(
        ExitCode.Home,
        $"the home folder {home} cannot be written ({cause.Message}); set MAGS_HOME to one that can",
        cause);
}
