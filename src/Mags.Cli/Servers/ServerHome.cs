namespace Mags.Cli.Servers;

/// <summary>The files of a local server that the command knows of.</summary>
internal sealed class ServerHome(string path)
{
    public string Root => path;

    /// <summary>URL and token of the server, written by it whenever it becomes ready.</summary>
    public string ClientFile { get; } = Path.Combine(path, "client.json");

    /// <summary>Process id of the server, locked as long as it lives.</summary>
    public string PidFile { get; } = Path.Combine(path, "magsd.pid");

    /// <summary>Output of a server that runs in the background.</summary>
    public string LogFile { get; } = Path.Combine(path, "magsd.log");

    /// <summary>Held by the one command that sets up or starts the server.</summary>
    public string StartLockFile { get; } = Path.Combine(path, "start.lock");

    /// <summary>Whether something that <c>magsd setup</c> makes is missing.</summary>
    public bool NeedsSetup =>
        !Has("kernel", Directory.EnumerateDirectories)
        || !Has("initramfs", Directory.EnumerateFiles)
        || !Has("images", folder => Directory.EnumerateFiles(folder, "*.json"))
        || !Has("templates", Directory.EnumerateDirectories);

    public void Create()
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                $"cannot make the server's folder {path}: {e.Message} Set MAGS_HOME to a folder that you can write to.",
                innerException: e);
        }
    }

    private bool Has(string name, Func<string, IEnumerable<string>> find)
    {
        var folder = Path.Combine(path, name);
        return Directory.Exists(folder) && find(folder).Any();
    }
}
