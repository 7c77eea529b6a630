namespace Mags.Bench;

/// <summary>One measured thing.</summary>
internal sealed record Row(string What, IReadOnlyList<double> Milliseconds)
{
    public double P50 => At(0.50);

    public double P95 => At(0.95);

    private double At(double quantile)
    {
        var sorted = Milliseconds.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)(quantile * sorted.Count))];
    }
}
