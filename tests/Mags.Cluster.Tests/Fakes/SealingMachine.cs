using Mags.Machines;

namespace Mags.Cluster.Tests.Fakes;

/// <summary>A machine that seals its layers and does nothing else.</summary>
internal sealed class SealingMachine : IMachine
{
    /// <summary>Where it was told to go on, each time.</summary>
    public List<string> Sealed { get; } = [];

    /// <summary>Called once it has gone on.</summary>
    public Action OnSeal { get; set; } = () => { };

    public string Id => "m";

    public string Accelerator => "tcg";

    public string ImageDigest => "sha256:" + new string('1', 64);

    public IReadOnlyList<MachineStep> Steps => [];

    public Task<MachineExit> Ended { get; } = new TaskCompletionSource<MachineExit>().Task;

    public async Task<LayerSeal> SealLayerAsync(string next, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(next, "", cancellationToken);
        File.SetLastWriteTimeUtc(next, DateTime.UnixEpoch);
        Sealed.Add(next);
        OnSeal();
        return new LayerSeal(IsFrozen: true, TimeSpan.FromMilliseconds(1));
    }

    public Task PutFilesAsync(IReadOnlyList<MachineFile> files, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<ProcessEvent> RunAsync(ProcessSpec process, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> SealDiskAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ReplaceLayersAsync(IReadOnlyList<string> layers, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
