using System.Security.Cryptography;
using System.Text;
using Mags.Machines.Tools;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Kernel;

/// <summary>
/// The first file system of a guest: the agent as <c>/init</c>, <c>/modules/*.ko</c> with <c>/modules/order</c> (file
/// names, one a line, in load order), and the empty folders that the agent mounts on.
/// </summary>
public sealed class Initramfs(IOptions<MachinesOptions> options)
{
    private const int Executable = 0x1ed;

    private static readonly string[] _mountPoints = ["proc", "sys", "dev", "run", "lower", "rw", "sandbox"];

    private readonly string _folder = Path.Combine(options.Value.Home, "initramfs");

    /// <summary>
    /// Gives the path of the archive for this kernel and agent, writing it when it is not there. The name is a digest
    /// of the content: the same path always means the same bytes.
    /// </summary>
    public async Task<string> EnsureAsync(KernelFiles kernel, string agentPath, CancellationToken cancellationToken)
    {
        using var archive = new MemoryStream();
        var cpio = new CpioWriter(archive);
        foreach (var folder in _mountPoints.Append("modules"))
        {
            cpio.AddFolder(folder);
        }

        cpio.AddFile("init", await File.ReadAllBytesAsync(agentPath, cancellationToken), Executable);
        var order = new StringBuilder();
        foreach (var module in kernel.Modules)
        {
            var name = Path.GetFileName(module);
            order.Append(name).Append('\n');
            cpio.AddFile($"modules/{name}", await File.ReadAllBytesAsync(module, cancellationToken));
        }

        cpio.AddFile("modules/order", Encoding.UTF8.GetBytes(order.ToString()));
        cpio.Finish();
        var content = archive.GetBuffer().AsMemory(0, (int)archive.Length);
        var path = Path.Combine(_folder, $"{Convert.ToHexStringLower(SHA256.HashData(content.Span))}.cpio");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(_folder);
            DurableFile.Write(path, content.Span);
        }

        return path;
    }
}
