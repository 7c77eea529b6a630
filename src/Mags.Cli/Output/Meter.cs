using System.Globalization;
using Mags.Client.Workspaces;

namespace Mags.Cli.Output;

/// <summary>Draws how much has been transferred, at once: what has to come first must not come last.</summary>
/// <param name="progress">Where it is drawn.</param>
/// <param name="total">How much it will be; null while nobody knows.</param>
internal sealed class Meter(Progress progress, long? total) : IProgress<long>, IProgress<TransferProgress>
{
    private const int BarWidth = 20;

    public void Report(long value) => Draw(value, total);

    public void Report(TransferProgress value) => Draw(value.Bytes, value.Total);

    private void Draw(long done, long? all)
    {
        if (all is not { } whole)
        {
            progress.Detail = Humanly.Size(done);
            return;
        }

        var share = whole == 0 ? 1 : Math.Min(1, (double)done / whole);
        var full = (int)(share * BarWidth);
        progress.Detail = string.Create(
            CultureInfo.InvariantCulture,
            $"[{new string('#', full)}{new string('.', BarWidth - full)}] {Humanly.Size(done)} of {Humanly.Size(whole)}");
    }
}
