using System.Text;
using Mags.Storage.Objects;

namespace Mags.Storage.Tests.Objects;

/// <summary>What every object store keeps to.</summary>
public abstract class ObjectStoreContract
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_WhatWasPut_ComesBack()
    {
        var store = await CreateAsync();
        var content = Bytes(300_000);

        await PutAsync(store, "packs/0f/one", content);

        Assert.Equal(content, await ReadAsync(store, "packs/0f/one", 0, null));
        Assert.Equal(content[1000..2000], await ReadAsync(store, "packs/0f/one", 1000, 1000));
        Assert.Equal(content[299_000..], await ReadAsync(store, "packs/0f/one", 299_000, 5000));
        Assert.Equal(content[299_000..], await ReadAsync(store, "packs/0f/one", 299_000, null));
        Assert.Empty((await ReadAsync(store, "packs/0f/one", 300_000, 10))!);
    }

    [Fact]
    public async Task Open_WhatIsNotThere_IsNull()
    {
        var store = await CreateAsync();

        Assert.Null(await store.OpenAsync("packs/none", 0, null, Stop));
        Assert.Null(await store.OpenAsync("packs/none", 10, 10, Stop));
        Assert.Null(await store.ReadRecordAsync("heads/none", Stop));
    }

    [Fact]
    public async Task Put_EmptyObject_IsThere()
    {
        var store = await CreateAsync();

        await PutAsync(store, "files/empty", []);

        Assert.Empty((await ReadAsync(store, "files/empty", 0, null))!);
        Assert.Equal(0, Assert.Single(await ListAsync(store, "files/")).Bytes);
    }

    [Fact]
    public async Task Put_Again_TakesTheOldOnesPlace()
    {
        var store = await CreateAsync();
        await PutAsync(store, "a/b", Bytes(100_000));
        var content = Bytes(50);

        await PutAsync(store, "a/b", content);

        Assert.Equal(content, await ReadAsync(store, "a/b", 0, null));
        Assert.Single(await ListAsync(store, ""));
    }

    [Fact]
    public async Task Put_SourceThatBreaks_LeavesTheOldOne()
    {
        var store = await CreateAsync();
        var content = Bytes(1000);
        await PutAsync(store, "a/b", content);

        await using var source = new BreakingStream(1_000_000, breakAt: 500_000);
        await Assert.ThrowsAnyAsync<Exception>(() => store.PutAsync("a/b", source, Stop));

        Assert.Equal(content, await ReadAsync(store, "a/b", 0, null));
    }

    [Fact]
    public async Task Delete_OneOfTwo_LeavesTheOther()
    {
        var store = await CreateAsync();
        await PutAsync(store, "a/one", Bytes(10));
        await PutAsync(store, "a/two", Bytes(10));

        await store.DeleteAsync("a/one", Stop);
        await store.DeleteAsync("a/one", Stop);
        await store.DeleteAsync("never/was", Stop);

        Assert.Equal("a/two", Assert.Single(await ListAsync(store, "")).Key);
    }

    [Fact]
    public async Task List_ByPrefix_FindsTheseOnly()
    {
        var store = await CreateAsync();
        string[] keys = ["packs/0a/1", "packs/0a/2", "packs/0b/1", "pages/0a/1"];
        foreach (var key in keys)
        {
            await PutAsync(store, key, Bytes(7));
        }

        Assert.Equal(keys, (await ListAsync(store, "")).Select(item => item.Key).Order());
        Assert.Equal(keys[..3], (await ListAsync(store, "packs/")).Select(item => item.Key).Order());
        Assert.Equal(keys[..2], (await ListAsync(store, "packs/0a")).Select(item => item.Key).Order());
        Assert.Empty(await ListAsync(store, "images/"));
        var one = Assert.Single(await ListAsync(store, "pages/"));
        Assert.Equal(7, one.Bytes);
        Assert.InRange(one.WrittenAt, TimeProvider.System.GetUtcNow().AddMinutes(-5), TimeProvider.System.GetUtcNow().AddMinutes(5));
    }

    [Fact]
    public async Task WriteRecord_OfTheVersionRead_IsWritten()
    {
        var store = await CreateAsync();
        var first = await store.WriteRecordAsync("heads/a", Text("one"), null, Stop);
        Assert.NotNull(first);

        var second = await store.WriteRecordAsync("heads/a", Text("two"), first, Stop);

        Assert.NotNull(second);
        var there = await store.ReadRecordAsync("heads/a", Stop);
        Assert.Equal(second, there!.Version);
        Assert.Equal("two", Encoding.UTF8.GetString(there.Content.Span));
    }

    [Fact]
    public async Task WriteRecord_OfAnotherVersion_IsNotWritten()
    {
        var store = await CreateAsync();
        Assert.True(await store.ConditionalWrites(Stop));
        var first = await store.WriteRecordAsync("heads/a", Text("one"), null, Stop);
        var second = await store.WriteRecordAsync("heads/a", Text("two"), first, Stop);

        Assert.Null(await store.WriteRecordAsync("heads/a", Text("three"), first, Stop));
        Assert.Null(await store.WriteRecordAsync("heads/a", Text("three"), null, Stop));
        Assert.Null(await store.WriteRecordAsync("heads/b", Text("three"), first, Stop));

        Assert.Equal(second, (await store.ReadRecordAsync("heads/a", Stop))!.Version);
        Assert.Null(await store.ReadRecordAsync("heads/b", Stop));
    }

    [Fact]
    public async Task WriteRecord_ManyAtOnce_OneIsWritten()
    {
        var store = await CreateAsync();
        Assert.True(await store.ConditionalWrites(Stop));

        var writes = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(number => store.WriteRecordAsync("heads/a", Text($"w{number}"), null, Stop)));

        Assert.Single(writes, version => version is not null);
    }

    [Fact]
    public async Task Put_KeyThatIsNone_IsRefused()
    {
        var store = await CreateAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => PutAsync(store, "../a", Bytes(1)));
    }

    /// <summary>A new, empty store.</summary>
    private protected abstract Task<IObjectStore> CreateAsync();

    private protected static byte[] Bytes(int count) => new Chance(count).Bytes(count);

    private protected static ReadOnlyMemory<byte> Text(string text) => Encoding.UTF8.GetBytes(text);

    private protected static async Task PutAsync(IObjectStore store, string key, byte[] content)
    {
        using var stream = new MemoryStream(content);
        await store.PutAsync(key, stream, Stop);
    }

    private protected static async Task<byte[]?> ReadAsync(IObjectStore store, string key, long offset, long? length)
    {
        await using var stream = await store.OpenAsync(key, offset, length, Stop);
        if (stream is null)
        {
            return null;
        }

        using var content = new MemoryStream();
        await stream.CopyToAsync(content, Stop);
        return content.ToArray();
    }

    private protected static async Task<List<StoredObject>> ListAsync(IObjectStore store, string prefix)
    {
        var found = new List<StoredObject>();
        await foreach (var item in store.ListAsync(prefix, Stop))
        {
            found.Add(item);
        }

        return found;
    }
}
