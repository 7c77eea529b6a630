namespace Mags.Cli.Servers;

/// <summary>What a log file gains from now on.</summary>
internal sealed class LogTail : IDisposable
{
    private const int MostBytes = 16 * 1024;
    private const int MostLines = 20;

    private readonly FileStream _file;
    private readonly long _start;

    public LogTail(string path)
    {
        try
        {
            _file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot write {path}: {e.Message}", innerException: e);
        }

        _start = _file.Length;
    }

    /// <summary>The last lines that were added, oldest first, empty ones left out; at most twenty.</summary>
    public IReadOnlyList<string> ReadNewLines()
    {
        _file.Position = Math.Max(_start, _file.Length - MostBytes);
        using var reader = new StreamReader(_file, leaveOpen: true);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines[^Math.Min(lines.Length, MostLines)..];
    }

    public void Dispose() => _file.Dispose();
}
