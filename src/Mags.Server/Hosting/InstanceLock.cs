using System.Globalization;
using System.Text;

namespace Mags.Server.Hosting;

/// <summary>
/// Keeps a second server out of a home folder: <c>magsd.pid</c> is held under <c>flock(2)</c> while the server runs,
/// and names its process. The kernel gives the lock up whatever way the process ends.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    private const string FileName = "magsd.pid";
    private readonly FileStream _file;

    private InstanceLock(FileStream file)
    {
        _file = file;
    }

    /// <exception cref="ServerException">Another server holds the folder.</exception>
    public static InstanceLock Take(string home)
    {
        var path = Path.Combine(home, FileName);
        try
        {
            // Not sharing the file is what makes .NET take the lock.
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
            file.Flush();
            return new InstanceLock(file);
        }
        catch (IOException exception) when (!DiskFault.IsDiskFull(exception))
        {
            throw new ServerException(
                ExitCode.HomeInUse,
                $"another server runs with the home folder {home}; stop it (`mags server stop`) or set another "
                + "MAGS_HOME",
                exception);
        }
    }

    /// <summary>Gives the folder free.</summary>
    public void Dispose()
    {
        // While the lock is held, so that a reader never takes an old number for a running server's.
        if (_file.CanWrite)
        {
            _file.SetLength(0);
            _file.Dispose();
        }
    }
}
