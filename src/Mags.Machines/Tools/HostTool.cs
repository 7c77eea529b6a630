using System.ComponentModel;
using System.Diagnostics;

namespace Mags.Machines.Tools;

/// <summary>
/// One run of a program of the host that needs this process's environment (proxies) or its streams: apt, a build script,
/// mksquashfs. <see cref="Native.Tool"/> is for the small ones that need neither.
/// </summary>
internal sealed record HostTool(string Program, params IReadOnlyList<string> Arguments)
{
    private const int KeptLines = 8;

    private static readonly TimeSpan _lastWordsWait = TimeSpan.FromSeconds(2);

    /// <summary>What it is called in messages; default the program's own name.</summary>
    public string Name { get; init; } = Program;

    /// <summary>Where it runs; default the folder of this process.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Set on top of the inherited environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets each line of standard error as it comes; null for nobody.</summary>
    public Action<string>? OnErrorLine { get; init; }

    /// <summary>Runs it to its end and returns its standard output.</summary>
    /// <exception cref="MachineException">It is not installed, or its exit code was not 0.</exception>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var output = "";
        await RunAsync(
            async (standardOutput, token) =>
            {
                using var reader = new StreamReader(standardOutput);
                output = await reader.ReadToEndAsync(token);
            },
            input: null,
            cancellationToken);
        return output;
    }

    /// <summary>
    /// Runs it to its end with <paramref name="output"/> reading its standard output and <paramref name="input"/>
    /// writing its standard input (null: empty, held open until the program has ended).
    /// </summary>
    /// <exception cref="MachineException">It is not installed, or its exit code was not 0.</exception>
    public async Task RunAsync(
        Func<Stream, CancellationToken, Task> output,
        Func<Stream, CancellationToken, Task>? input,
        CancellationToken cancellationToken)
    {
        using var process = Start();
        var lastLines = new Queue<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await EndTogetherAsync(
                stop,
                ReadErrorsAsync(process.StandardError, lastLines, stop.Token),
                output(process.StandardOutput.BaseStream, stop.Token),
                input is null ? Task.CompletedTask : WriteAsync(process.StandardInput, input, stop.Token));
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // A program that failed breaks its streams too; its exit code and last words say more than they do.
            await WaitForEndAsync(process);
            if (process is { HasExited: true, ExitCode: not 0 })
            {
                throw Failed(process, lastLines, fault);
            }

            throw;
        }
        finally
        {
            await EndAsync(process);
        }

        if (process.ExitCode != 0)
        {
            throw Failed(process, lastLines, null);
        }
    }

    private MachineException Failed(Process process, IEnumerable<string> lastLines, Exception? fault) => new(
        MachineFault.Setup,
        $"{Name} failed with exit code {process.ExitCode}: {string.Join(" / ", lastLines)}",
        fault);

    private Process Start()
    {
        var start = new ProcessStartInfo(Program, Arguments)
        {
            WorkingDirectory = WorkingDirectory ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new MachineException(
                MachineFault.Setup, $"{Program} could not be started: {missing.Message}. Is it installed?", missing);
        }
    }

    private async Task ReadErrorsAsync(StreamReader reader, Queue<string> lastLines, CancellationToken cancellationToken)
    {
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            OnErrorLine?.Invoke(line);
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            lastLines.Enqueue(line.Trim());
            if (lastLines.Count > KeptLines)
            {
                lastLines.Dequeue();
            }
        }
    }

    private static async Task WriteAsync(
        StreamWriter standardInput, Func<Stream, CancellationToken, Task> input, CancellationToken cancellationToken)
    {
        await input(standardInput.BaseStream, cancellationToken);
        standardInput.Close();
    }

    private static async Task WaitForEndAsync(Process process)
    {
        using var patience = new CancellationTokenSource(_lastWordsWait, TimeProvider.System);
        await process.WaitForExitAsync(patience.Token).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    // A fault of one stream ends the others at once, so that no side waits for a peer that is gone.
    private static async Task EndTogetherAsync(CancellationTokenSource stop, params Task[] streams)
    {
        var left = streams.ToList();
        while (left.Count > 0)
        {
            var done = await Task.WhenAny(left);
            left.Remove(done);
            if (!done.IsCompletedSuccessfully)
            {
                await stop.CancelAsync();
                await Task.WhenAll(left).ContinueWith(
                    static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                await done;
            }
        }
    }
}
