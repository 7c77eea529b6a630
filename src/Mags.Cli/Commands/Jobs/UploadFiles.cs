using Mags.Cli.Output;
using Mags.Client;

namespace Mags.Cli.Commands.Jobs;

/// <summary>The files of <c>mags run --file</c>: all are opened before anything is sent.</summary>
internal sealed class UploadFiles : IDisposable
{
    private readonly List<FileStream> _files = [];

    private UploadFiles()
    {
    }

    /// <exception cref="CliException">One of them cannot be read.</exception>
    public static UploadFiles Open(IEnumerable<string> paths)
    {
        var files = new UploadFiles();
        try
        {
            foreach (var path in paths)
            {
                files._files.Add(OpenOne(path));
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Uploads them one after the other.</summary>
    /// <returns>Their ids; null when there are none.</returns>
    public async Task<IReadOnlyList<string>?> SendAsync(
        MagsClient client, Terminal terminal, CancellationToken cancellationToken)
    {
        var ids = new List<string>(_files.Count);
        foreach (var file in _files)
        {
            var name = Path.GetFileName(file.Name);
            using var shown = terminal.IsInteractive ? terminal.StartProgress($"uploading {name}") : null;
            var meter = shown is null ? null : new Meter(shown, file.Length);
            ids.Add((await client.UploadFileAsync(file, name, meter, cancellationToken)).FileId);
        }

        return ids.Count == 0 ? null : ids;
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static FileStream OpenOne(string path)
    {
        if (Directory.Exists(path))
        {
            throw new CliException($"{path} is a folder; --file takes files");
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, useAsync: true);
        }
        catch (FileNotFoundException)
        {
            throw new CliException($"there is no file {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {path}: {e.Message}", innerException: e);
        }
    }
}
