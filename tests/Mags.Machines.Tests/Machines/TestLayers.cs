using Mags.Machines.Disks;
using Mags.Machines.Sandboxes;

namespace Mags.Machines.Tests.Machines;

/// <summary>Layers that real guests make for one test; their files are gone after it.</summary>
internal sealed class TestLayers(MachineFixture machines, LayerFiles files) : IDisposable
{
    private readonly List<Guid> _made = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<TestLayers> MakeAsync(MachineFixture machines) =>
        new(machines, await machines.GetAsync<LayerFiles>());

    /// <summary>A path at which nothing is yet.</summary>
    internal string New()
    {
        _made.Add(Guid.CreateVersion7());
        return files.PathOf(_made[^1]);
    }

    /// <summary>A lowest layer: an empty formatted disk.</summary>
    internal async Task<string> EmptyAsync()
    {
        var path = New();
        await files.AddEmptyAsync(_made[^1], MachineFixture.Request.DiskGb, Token);
        return path;
    }

    /// <summary>What a command writes in a machine on a chain.</summary>
    internal async Task<string> RunAsync(IReadOnlyList<string> chain, string command)
    {
        var layer = New();
        await using var machine = await AcquireAsync(chain, layer);
        var (code, said) = await MachineFixture.ShellAsync(machine, command, Token);
        Assert.True(code == 0, said);
        Assert.True(await machine.SealDiskAsync(Token));
        return layer;
    }

    /// <summary>What a command says in a machine on a chain, of which nothing stays.</summary>
    internal async Task<string> ReadAsync(IReadOnlyList<string> chain, string command)
    {
        await using var machine = await AcquireAsync(chain, null);
        return (await MachineFixture.ShellAsync(machine, command, Token)).Output;
    }

    /// <summary>A machine on a chain.</summary>
    internal Task<MicroVm> AcquireAsync(IReadOnlyList<string> chain, string? keepAt) =>
        machines.AcquireAsync(MachineFixture.Request with { Disk = new MachineDisk(chain, keepAt) }, Token);

    public void Dispose() => _made.ForEach(files.Remove);
}
