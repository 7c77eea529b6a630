using Google.Protobuf;
using Mags.Agent.Processes;
using Mags.Protocol;

namespace Mags.Agent.Sandbox;

/// <summary>Runs commands for nothing but the pages that they touch.</summary>
internal sealed class WarmUp(ProcessLauncher launcher)
{
    private const string Shell = "/bin/sh";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    private int _count;

    /// <summary>Runs them one after the other; their failures do not matter.</summary>
    public async Task RunAsync(IEnumerable<string> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            await RunOneAsync(new StartProcess { Argv = { Shell, "-c", command } }, cancellationToken);
        }

        // A job's way, so that the agent's own part of it is warm as well.
        var script = ByteString.CopyFromUtf8("echo warm; echo warm >&2");
        await RunOneAsync(new StartProcess { Argv = { Shell }, Script = script }, cancellationToken);
    }

    private async Task RunOneAsync(StartProcess start, CancellationToken cancellationToken)
    {
        start.ProcessId = $"warm-{++_count}";
        start.WorkingDirectory = "/";
        start.TimeoutMs = (long)_limit.TotalMilliseconds;
        var (process, _) = launcher.Start(start);
        var offset = 0UL;
        while (process is not null)
        {
            process.Changed.Clear();
            var news = process.NewsSince(offset);
            if (news.Output is { } slice)
            {
                offset += (ulong)slice.Data.Length;
                process.Acknowledge(offset);
            }
            else if (news.End is not null)
            {
                process.Release();
                launcher.CleanUp(process);
                process = null;
            }
            else
            {
                await process.Changed.WaitAsync(cancellationToken);
            }
        }
    }
}
