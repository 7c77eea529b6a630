using System.Text;

namespace Mags.Cli.Output;

/// <summary>Aligns columns.</summary>
internal static class TableLayout
{
    private const string Gap = "  ";

    public static IEnumerable<string> Lines(
        IReadOnlyList<string> heading, IReadOnlyList<IReadOnlyList<Cell>> rows, Func<string, Tint, string> paint)
    {
        var clean = rows.Select(row => row.Select(c => c with { Text = OneLine(c.Text) }).ToList()).ToList();
        var widths = heading
            .Select((title, column) => clean.Select(row => row[column].Text.Length).Append(title.Length).Max())
            .ToList();
        yield return Line([.. heading.Select(title => new Cell(title, Tint.Faint))], widths, paint);
        foreach (var row in clean)
        {
            yield return Line(row, widths, paint);
        }
    }

    private static string Line(List<Cell> cells, List<int> widths, Func<string, Tint, string> paint)
    {
        var line = new StringBuilder();
        for (var column = 0; column < cells.Count; column++)
        {
            var (text, tint) = cells[column];
            line.Append(paint(text, tint));
            if (column < cells.Count - 1)
            {
                line.Append(' ', widths[column] - text.Length).Append(Gap);
            }
        }

        return line.ToString().TrimEnd();
    }

    /// <summary>What a script or name holds must not move the cursor or break the table.</summary>
    public static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
}
