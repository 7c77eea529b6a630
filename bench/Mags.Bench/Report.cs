using System.Text.Json.Nodes;

namespace Mags.Bench;

/// <summary>Rows that belong together.</summary>
/// <param name="Key">Their name for programs.</param>
/// <param name="Title">Their name for people.</param>
/// <param name="Rows">The rows.</param>
internal sealed record Table(string Key, string Title, IReadOnlyList<Row> Rows)
{
    /// <summary>What its values are counted in.</summary>
    public string Unit { get; init; } = "ms";
}

/// <summary>One figure set against another of the same run: what is worth quoting on a noisy machine.</summary>
internal sealed record Ratio(string What, double Value);

/// <summary>Prints what was measured, for people or programs.</summary>
internal static class Report
{
    public static void Print(BenchOptions options, IReadOnlyList<Table> tables, IReadOnlyList<Ratio> ratios)
    {
        if (options.Json)
        {
            Console.WriteLine(Json(options, tables, ratios).ToJsonString());
            return;
        }

        foreach (var table in tables)
        {
            Console.WriteLine($"{table.Title,-40} {"n",5} {$"p50 {table.Unit}",10} {$"p95 {table.Unit}",10}");
            foreach (var row in table.Rows)
            {
                Console.WriteLine($"{row.What,-40} {row.Values.Count,5} {row.P50,10:F1} {row.P95,10:F1}");
            }

            Console.WriteLine();
        }

        foreach (var ratio in ratios)
        {
            Console.WriteLine($"{ratio.What,-57} {ratio.Value,10:F2}");
        }
    }

    private static JsonObject Json(
        BenchOptions options, IReadOnlyList<Table> tables, IReadOnlyList<Ratio> ratios)
    {
        var report = new JsonObject { ["bench"] = options.Bench };
        foreach (var table in tables)
        {
            report[table.Key] = new JsonArray([.. table.Rows.Select(row => Json(row, table.Unit))]);
        }

        if (ratios.Count > 0)
        {
            report["ratios"] = new JsonArray([.. ratios.Select(ratio => new JsonObject
            {
                ["what"] = ratio.What,
                ["value"] = Math.Round(ratio.Value, 2),
            })]);
        }

        return report;
    }

    private static JsonObject Json(Row row, string unit) => new JsonObject
    {
        ["what"] = row.What,
        ["n"] = row.Values.Count,
        [$"p50_{unit}"] = Math.Round(row.P50, 2),
        [$"p95_{unit}"] = Math.Round(row.P95, 2),
    };
}
