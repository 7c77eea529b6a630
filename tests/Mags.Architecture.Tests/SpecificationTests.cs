using System.Text.RegularExpressions;

namespace Mags.Architecture.Tests;

/// <summary>A promise without a test is a wish: docs/specification.md may name only what holds it.</summary>
public sealed partial class SpecificationTests
{
    private static readonly string[] _rows =
        [.. File.ReadLines(Repository.PathOf("docs/specification.md")).Where(line => PromiseRow().IsMatch(line))];

    [Fact]
    public void Promises_Each_HasAHolder()
    {
        Assert.NotEmpty(_rows);
        Assert.All(_rows, row => Assert.Matches(Holder(), row));
    }

    [Fact]
    public void Promises_NamedTests_Exist()
    {
        var sources = string.Join('\n', Repository.Files("tests", "*.cs").Select(File.ReadAllText));
        var classes = TestClass().Matches(sources).Select(match => match.Groups[1].Value).ToHashSet();
        var methods = TestMethod().Matches(sources).Select(match => match.Groups[1].Value).ToHashSet();

        var missing = _rows.SelectMany(row => NamedTest().Matches(row))
            .Where(test => !classes.Contains(test.Groups[1].Value) || !methods.Contains(test.Groups[2].Value))
            .Select(test => test.Value);

        Assert.Empty(missing);
    }

    [Fact]
    public void Promises_NamedBenches_Exist()
    {
        var benches = _rows.SelectMany(row => NamedBench().Matches(row)).Select(match => match.Groups[1].Value);

        Assert.All(benches, bench => Assert.Contains(
            Repository.Files("bench", "*.cs"),
            file => File.ReadAllText(file).Contains($"\"{bench}\"", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"^\| [A-Z]+\d+ \|")]
    private static partial Regex PromiseRow();

    [GeneratedRegex(@"`\w+Tests\.\w+`|`\./bench/run \w+")]
    private static partial Regex Holder();

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"`\./bench/run (\w+)")]
    private static partial Regex NamedBench();

    [GeneratedRegex(@"class (\w+Tests)\b")]
    private static partial Regex TestClass();

    [GeneratedRegex(@"public (?:async )?(?:static )?(?:void|Task|ValueTask) (\w+)\(")]
    private static partial Regex TestMethod();
}
