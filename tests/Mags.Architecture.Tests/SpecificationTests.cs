namespace Mags.Architecture.Tests;

/// <summary>A promise without a test is a wish: the documents of promises may name only what holds them.</summary>
public sealed class SpecificationTests
{
    [Theory]
    [InlineData("docs/specification.md")]
    [InlineData("docs/security.md")]
    public void Promises_Each_HasAHolder(string document)
    {
        var rows = PromiseTable.RowsOf(document);

        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.True(PromiseTable.HasHolder(row), row));
    }

    [Theory]
    [InlineData("docs/specification.md")]
    [InlineData("docs/security.md")]
    public void Promises_NamedTests_Exist(string document) =>
        Assert.Empty(PromiseTable.MissingTests(PromiseTable.RowsOf(document)));

    [Fact]
    public void Promises_OfAllDocuments_HaveIdsOfTheirOwn()
    {
        var ids = PromiseTable.RowsOf("docs/specification.md").Concat(PromiseTable.RowsOf("docs/security.md"))
            .Select(row => row.Split('|')[1].Trim())
            .ToList();

        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Promises_NamedBenches_Exist() =>
        Assert.All(PromiseTable.NamedBenches(PromiseTable.RowsOf("docs/specification.md")), bench => Assert.Contains(
            Repository.Files("bench", "*.cs"),
            file => File.ReadAllText(file).Contains($"\"{bench}\"", StringComparison.Ordinal)));
}
