using System.Threading.Channels;
using Mags.Cli.Output;

namespace Mags.Cli.Servers;

/// <summary>Reads a log file to its end, and on as it grows.</summary>
internal sealed class LogReader : IDisposable
{
    private readonly FileStream _file;
    private readonly StreamReader _reader;
    private readonly FileSystemWatcher _watcher;
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public LogReader(string path)
    {
        _watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        _watcher.Changed += (_, _) => _changes.Writer.TryWrite(true);
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _watcher.Dispose();
            throw new CliException($"cannot read {path}: {e.Message}", innerException: e);
        }

        _reader = new StreamReader(_file);
    }

    public async Task CopyToAsync(Terminal terminal, bool follow, CancellationToken cancellationToken)
    {
        // Watched before the first read: what is written in between is not missed.
        _watcher.EnableRaisingEvents = follow;
        do
        {
            while (await _reader.ReadLineAsync(cancellationToken) is { } line)
            {
                terminal.WriteOutput(line);
            }

            terminal.Flush();
        }
        while (follow && await _changes.Reader.ReadAsync(cancellationToken));
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _reader.Dispose();
        _file.Dispose();
    }
}
