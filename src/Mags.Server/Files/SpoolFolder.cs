using Mags.Machines;
using Microsoft.Extensions.Options;

namespace Mags.Server.Files;

/// <summary>
/// Where uploads lie until they are whole. Each is a file without a name from its beginning on: however the server ends,
/// its room is free then. What an end right between leaves has a name and goes at the start.
/// </summary>
internal sealed class SpoolFolder(IOptions<MachinesOptions> machines) : IHostedService
{
    private const string Name = "uploads";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _path = Path.Combine(machines.Value.Home, Name);

    /// <summary>A file to write to and then read; its room is free when it is closed.</summary>
    public FileStream Open()
    {
        var path = Path.Combine(_path, Guid.CreateVersion7().ToString("N"));
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
        });
        File.Delete(path);
        return file;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_path, Private);
        foreach (var left in Directory.EnumerateFiles(_path))
        {
            File.Delete(left);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
