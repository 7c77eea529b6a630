using Mags.Storage.Objects;

namespace Mags.Storage.Tests;

public sealed class ObjectKeyTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("packs/0f/0f3a.pack")]
    [InlineData("a_b-c.d/e")]
    public void Check_PlainKey_IsTaken(string key) => ObjectKey.Check(key);

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a/..")]
    [InlineData(".hidden")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    public void Check_WhatCouldLeadElsewhere_IsRefused(string key) =>
        Assert.Throws<ArgumentException>(() => ObjectKey.Check(key));

    [Theory]
    [InlineData("")]
    [InlineData("packs/")]
    [InlineData("packs/0")]
    public void CheckPrefix_BeginningOfKeys_IsTaken(string prefix) => ObjectKey.CheckPrefix(prefix);

    [Theory]
    [InlineData("/")]
    [InlineData("../")]
    [InlineData("packs//")]
    public void CheckPrefix_WhatCouldLeadElsewhere_IsRefused(string prefix) =>
        Assert.Throws<ArgumentException>(() => ObjectKey.CheckPrefix(prefix));
}
