namespace Mags.Bench;

/// <summary>One measured thing: its name and each value, in the unit of its table.</summary>
internal sealed record Row(string What, IReadOnlyList<double> Values)
{
    public double P50 => At(0.50);

    public double P95 => At(0.95);

    private double At(double quantile)
    {
        var sorted = Values.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)(quantile * sorted.Count))];
    }
}
