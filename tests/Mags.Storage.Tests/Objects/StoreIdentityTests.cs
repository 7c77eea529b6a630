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
        var made = await StoreIdentity.OpenAsync(Store, Stop);
        await File.WriteAllTextAsync(Path.Combine(_folder, "other"), "x", Stop);

        Assert.Equal(made, await StoreIdentity.OpenAsync(Store, Stop));
        Assert.Matches("^{\"format\":1,\"store_id\":\"[0-9a-f-]{36}\"}$", await File.ReadAllTextAsync(Path.Combine(_folder, "store.json"), Stop));
    }

    [Fact]
    public async Task Open_OthersObjects_IsRefused()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "other"), "x", Stop);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreIdentity.OpenAsync(Store, Stop));

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

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreIdentity.OpenAsync(Store, Stop));

        Assert.Equal(fault, told.Fault);
        Assert.Contains(words, told.Message, StringComparison.Ordinal);
    }
}
