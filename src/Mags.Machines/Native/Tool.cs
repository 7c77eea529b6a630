using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Native;

/// <summary>Short-lived programs of the host (mke2fs, qemu-img).</summary>
internal static class Tool
{
    private static readonly string[] _folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>Absolute path of an installed program.</summary>
    /// <exception cref="MachineException">It is not installed.</exception>
    internal static string Find(string name) =>
        _folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new MachineException(MachineFault.Setup, $"The program {name} is not installed on this host.");

    /// <summary>Runs a program to its end and returns what it wrote to standard output.</summary>
    /// <exception cref="MachineException">It failed; the message has the last line of its standard error.</exception>
    internal static Task<string> RunAsync(
        string path, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(path, arguments, new FdMap(), cancellationToken);

    /// <summary>The same for a program that gets open files.</summary>
    internal static async Task<string> RunAsync(
        string path, IReadOnlyList<string> arguments, FdMap files, CancellationToken cancellationToken)
    {
        // Files in memory instead of pipes: nothing to drain while it runs, and these tools say little.
        using var output = MemoryFile.Create("stdout", 0);
        using var error = MemoryFile.Create("stderr", 0);
        using var child = ChildProcess.Start(path, arguments, files, output, error);
        ProcessExit exit;
        await using (cancellationToken.Register(child.Kill))
        {
            exit = await child.Exited;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!exit.Success)
        {
            throw new MachineException(MachineFault.Setup, $"{path} {exit}: {Fault(error)}");
        }

        return Text(output);
    }

    /// <summary>The last line that a program wrote to a file in memory.</summary>
    internal static string LastLine(SafeFileHandle file) =>
        Text(file).Split('\n').LastOrDefault(line => line.Length > 0) ?? "it said nothing";

    // Some programs show where the error is below the line that says what it is.
    private static string Fault(SafeFileHandle error) =>
        Text(error).Split('\n').FirstOrDefault(line => line.Contains("Error: ", StringComparison.Ordinal))
        ?? LastLine(error);

    private static string Text(SafeFileHandle file)
    {
        var bytes = new byte[RandomAccess.GetLength(file)];
        var read = RandomAccess.Read(file, bytes, 0);
        return Encoding.UTF8.GetString(bytes, 0, read);
    }
}
