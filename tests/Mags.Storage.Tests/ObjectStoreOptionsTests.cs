using Mags.Storage.Objects;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mags.Storage.Tests;

public sealed class ObjectStoreOptionsTests
{
    [Fact]
    public void Store_FolderIsSet_IsThatFolder()
    {
        using var provider = Provider(("Folder", "/srv/objects"));

        Assert.Equal("folder /srv/objects", provider.GetRequiredService<IObjectStore>().Location);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("s3")]
    public void Store_BucketIsNamed_IsThatBucket(string? kind)
    {
        using var provider = Provider(
            ("Folder", "/srv/objects"), ("Kind", kind), ("S3:Endpoint", "http://127.0.0.1:1"), ("S3:Bucket", "mags"));

        Assert.Equal("bucket mags at http://127.0.0.1:1", provider.GetRequiredService<IObjectStore>().Location);
    }

    [Fact]
    public void Store_FolderIsAskedForThoughABucketIsNamed_IsTheFolder()
    {
        using var provider = Provider(("Folder", "/srv/objects"), ("Kind", "folder"), ("S3:Bucket", "mags"));

        Assert.Equal("folder /srv/objects", provider.GetRequiredService<IObjectStore>().Location);
    }

    [Theory]
    [InlineData("Kind", "ftp", "Kind")]
    [InlineData("Folder", "objects", "Folder: the absolute path")]
    [InlineData("Kind", "s3", "S3:Bucket")]
    [InlineData("S3:Endpoint", "minio", "Endpoint: a URL")]
    [InlineData("S3:Prefix", "/a", "Prefix")]
    [InlineData("Parallel", "0", "Parallel")]
    [InlineData("SweepGrace", "00:00:09", "SweepGrace")]
    public void Options_WhatCannotWork_IsRefusedByName(string name, string value, string told)
    {
        using var provider = Provider(("Folder", "/srv/objects"), (name, value));

        var refusal = Assert.Throws<OptionsValidationException>(
            () => provider.GetRequiredService<IOptions<ObjectStoreOptions>>().Value);

        Assert.Contains(told, refusal.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Provider(params (string Name, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.GroupBy(setting => setting.Name)
                .ToDictionary(group => $"ObjectStore:{group.Key}", group => group.Last().Value))
            .Build();
        return new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddMagsStorage().BuildServiceProvider();
    }
}
