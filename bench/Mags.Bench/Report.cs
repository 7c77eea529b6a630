using System.Text.Json.Nodes;

namespace Mags.Bench;

/// <summary>Prints rows for people or programs.</summary>
internal static class Report
{
    public static void Print(BenchOptions options, IReadOnlyList<Row> rows, IReadOnlyList<Row> steps)
    {
        if (options.Json)
        {
            Console.WriteLine(new JsonObject
            {
                ["bench"] = options.Bench,
                ["rows"] = new JsonArray([.. rows.Select(Json)]),
                ["steps"] = new JsonArray([.. steps.Select(Json)]),
            }.ToJsonString());
            return;
        }

        Table("submit → first output", rows);
        Table("where a machine's time goes", steps);
    }

    private static void Table(string title, IReadOnlyList<Row> rows)
    {
        Console.WriteLine($"{title,-28} {"n",4} {"p50 ms",10} {"p95 ms",10}");
        foreach (var row in rows)
        {
            Console.WriteLine($"{row.What,-28} {row.Milliseconds.Count,4} {row.P50,10:F1} {row.P95,10:F1}");
        }

        Console.WriteLine();
    }

    private static JsonNode Json(Row row) => new JsonObject
    {
        ["what"] = row.What,
        ["n"] = row.Milliseconds.Count,
        ["p50_ms"] = Math.Round(row.P50, 2),
        ["p95_ms"] = Math.Round(row.P95, 2),
    };
}
