using Mags.Storage.Objects;
using Mags.Storage.Objects.Folders;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Storage.Tests.Objects;

public sealed class FolderObjectStoreTests : ObjectStoreContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mags-objects-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Put_AfterACrash_RemovesWhatWritersLeftLongAgo()
    {
        var old = Path.Combine(_folder, ".making-old");
        var young = Path.Combine(_folder, ".making-young");
        await File.WriteAllTextAsync(old, "x", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(young, "x", TestContext.Current.CancellationToken);
        var now = TimeProvider.System.GetUtcNow();
        File.SetLastWriteTimeUtc(old, now.UtcDateTime.AddHours(-25));
        var store = new FolderObjectStore(_folder, new FakeTimeProvider(now));

        await PutAsync(store, "a", Bytes(1));

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
        Assert.Equal("a", Assert.Single(await ListAsync(store, "")).Key);
    }

    [Fact]
    public async Task Put_BrokenOff_LeavesNoFile()
    {
        var store = await CreateAsync();
        await using var source = new BreakingStream(1_000_000, breakAt: 500_000);

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => store.PutAsync("a", source, TestContext.Current.CancellationToken));

        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Put_FileSystemIsFull_SaysSo()
    {
        // The kernel's own full file: what a full disk answers, without filling one.
        var fault = await Assert.ThrowsAsync<IOException>(
            () => File.WriteAllTextAsync("/dev/full", "x", TestContext.Current.CancellationToken));

        var told = FolderFault.Of(_folder, fault);

        Assert.Equal(ObjectStoreFault.Full, told.Fault);
        Assert.Contains($"{_folder} is full", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_FolderThatMayNotBeWritten_IsDenied()
    {
        // Also for root, whom modes do not stop.
        var store = new FolderObjectStore("/proc/mags-objects", TimeProvider.System);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(store, "a", Bytes(1)));

        Assert.Contains("/proc/mags-objects", told.Message, StringComparison.Ordinal);
        Assert.Equal(ObjectStoreFault.Denied, FolderFault.Of(_folder, new UnauthorizedAccessException()).Fault);
    }

    private protected override Task<IObjectStore> CreateAsync() => Task.FromResult<IObjectStore>(
        new FolderObjectStore(Path.Combine(_folder), TimeProvider.System));
}
