using System.Text.RegularExpressions;

namespace Mags.Architecture.Tests;

/// <summary>Rows <c>| id | … | held by |</c> of a document, and the tests and benchmarks that they name.</summary>
internal static partial class PromiseTable
{
    public static IReadOnlyList<string> RowsOf(string document) =>
        [.. File.ReadLines(Repository.PathOf(document)).Where(line => PromiseRow().IsMatch(line))];

    public static bool HasHolder(string row) => Holder().IsMatch(row);

    /// <summary>Named tests that are in no source.</summary>
    public static IEnumerable<string> MissingTests(IEnumerable<string> rows)
    {
        // A file holds one class of tests.
        var tests = Repository.Files("tests", "*.cs").Select(File.ReadAllText)
            .SelectMany(source => TestClass().Matches(source).Take(1).SelectMany(type => TestMethod().Matches(source)
                .Select(method => $"`{type.Groups[1].Value}.{method.Groups[1].Value}`")))
            .ToHashSet();
        return rows.SelectMany(row => NamedTest().Matches(row)).Select(test => test.Value).Where(test => !tests.Contains(test));
    }

    public static IEnumerable<string> NamedBenches(IEnumerable<string> rows) =>
        rows.SelectMany(row => NamedBench().Matches(row)).Select(match => match.Groups[1].Value);

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

    [GeneratedRegex(@"(?:public|internal) (?:async )?(?:static )?(?:void|Task|ValueTask) (\w+)\(")]
    private static partial Regex TestMethod();
}
