using System.Security.Cryptography;
using Mags.Storage.Objects;
using Mags.Storage.Snapshots;
using Mags.Storage.Tests.Fakes;

namespace Mags.Storage.Tests.Snapshots;

public sealed class ImageObjectsTests
{
    private readonly MemoryObjectStore _store = new(TimeProvider.System);
    private readonly byte[] _content = new Chance(1).Bytes(3_000_000);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Digest => Convert.ToHexStringLower(SHA256.HashData(_content));

    [Fact]
    public async Task Get_WhatWasPut_ComesBack()
    {
        var images = new ImageObjects(_store);
        using var target = new MemoryStream();

        Assert.False(await images.GetAsync(Digest, target, Stop));
        Assert.True(await images.PutAsync(Digest, new MemoryStream(_content), Stop));
        Assert.False(await images.PutAsync(Digest, new MemoryStream(_content), Stop));

        Assert.True(await images.GetAsync(Digest, target, Stop));
        Assert.Equal(_content, target.ToArray());
    }

    [Fact]
    public async Task Put_AnotherContent_IsRefused()
    {
        var images = new ImageObjects(_store);

        await Assert.ThrowsAsync<InvalidDataException>(() => images.PutAsync(new string('a', 64), new MemoryStream(_content), Stop));

        Assert.Empty(_store.Keys);
    }

    [Fact]
    public async Task Get_Damaged_IsTold()
    {
        var images = new ImageObjects(_store);
        await images.PutAsync(Digest, new MemoryStream(_content), Stop);
        _store[$"images/{Digest}"] = _content[..^1];

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => images.GetAsync(Digest, Stream.Null, Stop));

        Assert.Contains($"images/{Digest}", told.Message, StringComparison.Ordinal);
    }
}
