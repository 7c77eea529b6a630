using Mags.Machines.Native;

namespace Mags.Machines.Qemu;

/// <summary>The installed QEMU.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Version">What it says of its version, such as <c>7.2.22 (Debian 1:7.2+dfsg-7)</c>.</param>
internal sealed record QemuProgram(string Path, string Version)
{
    private const string Name = "qemu-system-x86_64";
    private const string VersionPrefix = "QEMU emulator version ";

    /// <summary>Finds QEMU and asks its version.</summary>
    /// <exception cref="MachineException">It is not installed or does not run.</exception>
    internal static async Task<QemuProgram> FindAsync(CancellationToken cancellationToken)
    {
        var path = Tool.Find(Name);
        var said = await Tool.RunAsync(path, ["--version"], cancellationToken);
        var first = said.Split('\n', 2)[0].Trim();
        return first.StartsWith(VersionPrefix, StringComparison.Ordinal)
            ? new QemuProgram(path, first[VersionPrefix.Length..])
            : throw new MachineException(MachineFault.Setup, $"{path} does not tell its version: {first}");
    }
}
