using System.Text;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;
using Mags.Storage.Snapshots.Format;

namespace Mags.Storage.Tests.Snapshots;

public sealed class WorkspaceHeadsTests
{
    private static readonly WorkspaceHead _head = new(
        Workbench.Database,
        "Ann Ä",
        "one/two",
        "debian",
        new string('a', 64),
        8,
        new string('1', 64),
        null,
        new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero),
        Guid.Parse("11111111-2222-3333-4444-555555555555"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Write_OfTheVersionRead_IsWritten(bool conditional)
    {
        using var bench = new Workbench(conditional);
        var first = await bench.Heads.WriteAsync(_head, null, Stop);
        var next = _head with { Snapshot = new string('2', 64), Previous = _head.Snapshot };

        var second = await bench.Heads.WriteAsync(next, first.Version, Stop);

        Assert.True(second.IsWritten);
        Assert.Equal(new StoredHead(next, second.Version!), await bench.Heads.ReadAsync(_head.User, _head.Workspace, Stop));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Write_OfAnotherDatabase_OverwritesNothing(bool conditional)
    {
        using var bench = new Workbench(conditional);
        var first = await bench.Heads.WriteAsync(_head, null, Stop);
        var others = _head with { Writer = Guid.NewGuid(), Snapshot = new string('2', 64) };

        foreach (var version in (string?[])[null, first.Version])
        {
            var write = await bench.Heads.WriteAsync(others, version, Stop);

            Assert.False(write.IsWritten);
            Assert.Equal(_head, write.Other);
        }

        Assert.False(await bench.Heads.DeleteAsync(others.Writer, _head.User, _head.Workspace, _head.WorkspaceId, Stop));
        Assert.Equal(_head, (await bench.Heads.ReadAsync(_head.User, _head.Workspace, Stop))!.Head);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Write_WrittenMeanwhile_TellsWhatIsThere(bool conditional)
    {
        using var bench = new Workbench(conditional);
        var first = await bench.Heads.WriteAsync(_head, null, Stop);
        var next = _head with { Snapshot = new string('2', 64) };
        await bench.Heads.WriteAsync(next, first.Version, Stop);

        var late = await bench.Heads.WriteAsync(_head with { Snapshot = new string('3', 64) }, first.Version, Stop);

        Assert.False(late.IsWritten);
        Assert.Equal(next, late.Other);
    }

    [Fact]
    public async Task Write_Head_HasTheDocumentedShape()
    {
        using var bench = new Workbench();

        await bench.Heads.WriteAsync(_head, null, Stop);

        Assert.Equal(
            $$"""{"format":1,"writer":"{{Workbench.Database}}","user":"Ann \u00C4","workspace":"one/two","image":"debian","image_digest":"{{_head.ImageDigest}}","disk_gb":8,"snapshot":"{{_head.Snapshot}}","previous":null,"synced_at":"2026-11-01T12:00:00+00:00","workspace_id":"{{_head.WorkspaceId}}"}""",
            Encoding.UTF8.GetString(bench.Store["heads/416e6e20c384/6f6e652f74776f.json"]));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task Read_Garbled_IsDamaged(string content)
    {
        using var bench = new Workbench();
        bench.Store[StoreKeys.Head("ann", "one")] = Encoding.UTF8.GetBytes(content);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => bench.Heads.ReadAsync("ann", "one", Stop));

        Assert.Equal(ObjectStoreFault.Damaged, told.Fault);
        Assert.Contains("heads/616e6e/6f6e65.json", told.Message, StringComparison.Ordinal);
    }
}
