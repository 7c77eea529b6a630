using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Mags.Cli.Native;

namespace Mags.Cli.Servers;

/// <summary>Runs the server's program, which lies beside this one.</summary>
internal sealed class Magsd(string path, CliEnvironment environment)
{
    private readonly Dictionary<string, string> _variables = new(environment.Variables, StringComparer.Ordinal)
    {
        // The server runs in another folder: a relative path must mean the same there.
        ["MAGS_HOME"] = environment.Home,
    };

    /// <summary>Becomes the program; returns only by an exception.</summary>
    public void Become(IReadOnlyList<string> arguments)
    {
        EnsureThere();
        var error = Spawn.Replace(path, arguments, _variables);
        throw CannotRun(Marshal.GetPInvokeErrorMessage(error));
    }

    /// <summary>Starts the program on its own; see <see cref="Spawn.Detached"/>.</summary>
    public DetachedProcess Start(IReadOnlyList<string> arguments, string logPath)
    {
        EnsureThere();
        var pid = Spawn.Detached(path, arguments, _variables, logPath, out var error);
        return error == 0 ? new DetachedProcess(pid) : throw CannotRun(Marshal.GetPInvokeErrorMessage(error));
    }

    /// <summary>
    /// Runs the program to its end with our standard error. When cancelled it is asked to end, and waited for.
    /// </summary>
    /// <returns>Its exit code and what it wrote to standard output.</returns>
    public async Task<(int ExitCode, string Output)> RunAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        EnsureThere();
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment.Clear();
        foreach (var (name, value) in _variables)
        {
            start.Environment[name] = value;
        }

        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw CannotRun(e.Message);
        }

        // The process object has not reaped the child before its exit is seen here, so the pid is still the child's.
        await using var asked = cancellationToken.Register(() => Libc.Kill(process.Id, Libc.SignalTerminate));
        var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        return (process.ExitCode, output);
    }

    private void EnsureThere()
    {
        if (!File.Exists(path))
        {
            throw new CliException(
                $"there is no local server to use: {path} is missing; install it, or use a remote one: mags login URL");
        }
    }

    private CliException CannotRun(string reason) => new($"cannot run {path}: {reason}");
}
