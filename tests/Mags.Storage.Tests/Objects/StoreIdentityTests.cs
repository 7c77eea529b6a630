using Mags.Storage.Objects;
using Mags.Storage.Objects.Folders;

namespace Mags.Storage.Tests.Objects;

public sealed class StoreIdentityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mags-objects-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private FolderObjectStore Store => new(_folder, TimeProvider.System);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Open_EmptyStore_IsMarkedOnce()
    {
        var made = await StoreIdentity.OpenAsync(Store, null, Stop);
        await File.WriteAllTextAsync(Path.Combine(_folder, "other"), "x", Stop);

        Assert.Equal(made, await StoreIdentity.OpenAsync(Store, null, Stop));
        Assert.Matches("^{\"format\":1,\"store_id\":\"[0-9a-f-]{36}\"}$", await File.ReadAllTextAsync(Path.Combine(_folder, "store.json"), Stop));
    }

    [Fact]
    public async Task Open_AnotherStoreThanWanted_IsRefusedAndNotMarked()
    {
        var empty = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreIdentity.OpenAsync(Store, Guid.NewGuid(), Stop));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));

        var made = await StoreIdentity.OpenAsync(Store, null, Stop);
        var other = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreIdentity.OpenAsync(Store, Guid.NewGuid(), Stop));

        Assert.Contains("is empty, and not the store with this server's workspaces", empty.Message, StringComparison.Ordinal);
        Assert.Contains("is another store, and not the store", other.Message, StringComparison.Ordinal);
        Assert.Equal((ObjectStoreFault.Denied, ObjectStoreFault.Denied), (empty.Fault, other.Fault));
        Assert.Equal(made, await StoreIdentity.OpenAsync(Store, made.StoreId, Stop));
    }

    [Fact]
    public async Task Open_OthersObjects_IsRefused()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "other"), "x", Stop);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreIdentity.OpenAsync(Store, null, Stop));

        Assert.Contains("is not empty and holds no Mags store", told.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "store.json")));
    }

    [Theory]
    [InlineData("{\"format\":2,\"store_id\":\"6c0a4f33-3d3c-4ad0-9d55-1d6b5a9b7f10\"}", ObjectStoreFault.Denied, "has format 2")]
    [InlineData("{\"format\":1}", ObjectStoreFault.Damaged, "store.json")]
    [InlineData("{\"for", ObjectStoreFault.Damaged, "store.json")]
    public async Task Open_MarkThatIsNotOurs_IsRefused(string mark, ObjectStoreFault fault, string words)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "store.json"), mark, Stop);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreIdentity.OpenAsync(Store, null, Stop));

        Assert.Equal(fault, told.Fault);
        Assert.Contains(words, told.Message, StringComparison.Ordinal);
    }
}
