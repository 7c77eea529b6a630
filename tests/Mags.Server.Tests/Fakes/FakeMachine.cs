using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Mags.Machines;

namespace Mags.Server.Tests.Fakes;

/// <summary>
/// Runs scripts whose lines are <c>out TEXT</c> and <c>err TEXT</c> (a line each), <c>print TEXT</c> (no newline),
/// <c>hex BYTES</c>, <c>lines COUNT</c>, <c>env NAME</c>, <c>file NAME</c> (its text, a line), <c>wait GATE</c>,
/// <c>open GATE</c>, <c>overrun</c> (until the limit),
/// <c>hang</c> (and never say a word again), <c>end CAUSE MESSAGE</c> (of the machine) and <c>exit CODE</c>.
/// </summary>
internal sealed class FakeMachine(FakeMachineHost host, string id) : IMachine
{
    private readonly Dictionary<string, string> _files = [];
    private readonly TaskCompletionSource<MachineExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id { get; } = id;

    public string Accelerator => "tcg";

    public string ImageDigest => "sha256:" + new string('1', 64);

    public IReadOnlyList<MachineStep> Steps => [];

    public Task<MachineExit> Ended => _ended.Task;

    public async Task PutFilesAsync(IReadOnlyList<MachineFile> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            using var kept = new MemoryStream();
            await using var content = await file.OpenAsync(cancellationToken);
            await content.CopyToAsync(kept, cancellationToken);
            _files.Add(file.Name, Encoding.UTF8.GetString(kept.ToArray()));
        }
    }

    public async IAsyncEnumerable<ProcessEvent> RunAsync(
        ProcessSpec process, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        host.Processes.Enqueue(process);
        yield return new ProcessStarted(42);
        foreach (var line in Encoding.UTF8.GetString(process.Script!.Value.Span).Split('\n'))
        {
            var (verb, rest) = Split(line);
            switch (verb)
            {
                case "wait":
                    await host.WaitAsync(rest, cancellationToken);
                    break;
                case "open":
                    host.Open(rest);
                    break;
                case "hang":
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                    break;
                case "overrun":
                    await Task.Delay(process.Timeout!.Value, TimeProvider.System, cancellationToken);
                    yield return new ProcessExited(137, TimedOut: true, process.Timeout.Value);
                    yield break;
                case "end":
                    var (cause, message) = Split(rest);
                    _ended.TrySetResult(new MachineExit(Enum.Parse<MachineExitCause>(cause), message));
                    throw new MachineException(MachineFault.Ended, "the stream broke");
                case "exit":
                    yield return Exit(int.Parse(rest, CultureInfo.InvariantCulture));
                    yield break;
                default:
                    foreach (var output in Output(verb, rest, process))
                    {
                        yield return output;
                    }

                    break;
            }
        }

        yield return Exit(0);
    }

    public Task<bool> SealDiskAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<LayerSeal> SealLayerAsync(string next, CancellationToken cancellationToken) =>
        Task.FromResult(new LayerSeal(IsFrozen: true, TimeSpan.FromMilliseconds(20)));

    public Task ReplaceLayersAsync(IReadOnlyList<string> layers, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _ended.TrySetResult(new MachineExit(MachineExitCause.Disposed, "disposed"));
        return ValueTask.CompletedTask;
    }

    private IEnumerable<ProcessOutput> Output(string verb, string rest, ProcessSpec process) => verb switch
    {
        "out" => [Text(OutputSource.Stdout, rest + "\n")],
        "err" => [Text(OutputSource.Stderr, rest + "\n")],
        "print" => [Text(OutputSource.Stdout, rest)],
        "hex" => [new ProcessOutput(OutputSource.Stdout, Convert.FromHexString(rest))],
        "env" => [Text(OutputSource.Stdout, process.Environment[rest] + "\n")],
        "file" => [Text(OutputSource.Stdout, _files.GetValueOrDefault(rest, "there is none") + "\n")],
        "lines" => Enumerable.Range(1, int.Parse(rest, CultureInfo.InvariantCulture))
            .Chunk(1000)
            .Select(chunk => Text(OutputSource.Stdout, string.Concat(chunk.Select(number => $"line {number}\n")))),
        _ => [],
    };

    private static ProcessOutput Text(OutputSource source, string text) => new(source, Encoding.UTF8.GetBytes(text));

    private static ProcessExited Exit(int code) => new(code, TimedOut: false, TimeSpan.FromMilliseconds(12));

    private static (string First, string Others) Split(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
    }
}
