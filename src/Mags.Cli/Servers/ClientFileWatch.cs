namespace Mags.Cli.Servers;

/// <summary>Sees the server put a new <c>client.json</c> in place: the sign that it is ready.</summary>
internal sealed class ClientFileWatch : IDisposable
{
    private readonly string _path;
    private readonly DateTime _before;
    private readonly FileSystemWatcher _watcher;
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClientFileWatch(string path)
    {
        _path = path;
        _before = File.GetLastWriteTimeUtc(path);
        _watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        _watcher.Created += OnChange;
        _watcher.Changed += OnChange;
        _watcher.Renamed += OnChange;
        _watcher.EnableRaisingEvents = true;
    }

    public Task Written => _written.Task;

    public void Dispose() => _watcher.Dispose();

    private void OnChange(object sender, FileSystemEventArgs change)
    {
        if (File.Exists(_path) && File.GetLastWriteTimeUtc(_path) != _before)
        {
            _written.TrySetResult();
        }
    }
}
