using System.Text.Json;
using Mags.Machines.Native;

namespace Mags.Machines.Templates;

/// <summary>
/// How fast the host's time stamp counter runs. A guest under TCG reads the host's counter and would measure it at its
/// boot, which fails on a busy host and then hangs; told the rate, it measures nothing.
/// </summary>
internal sealed class HostClock(HomeFolders folders, TimeProvider time)
{
    // Reading twice 50 ms apart is exact to about 10 ppm; guests need about 100 ppm.
    private static readonly TimeSpan _window = TimeSpan.FromMilliseconds(50);
    private const double SameWithin = 200e-6;

    /// <summary>
    /// The rate in kHz. The number measured before on this host is used again while it is true, for templates are bound
    /// to it and must not be made anew for a difference that is only noise.
    /// </summary>
    internal async Task<long> MeasureAsync(CancellationToken cancellationToken)
    {
        var measured = await MeasureOnceAsync(cancellationToken);
        if (ReadRecord() is { } known && Math.Abs(measured - known) < known * SameWithin)
        {
            return known;
        }

        _ = Directory.CreateDirectory(folders.Home);
        var temporary = HomeFolders.Temporary(folders.Home);
        await File.WriteAllTextAsync(temporary, JsonSerializer.Serialize(measured), cancellationToken);
        File.Move(temporary, folders.ClockRecord, overwrite: true);
        return measured;
    }

    private async Task<long> MeasureOnceAsync(CancellationToken cancellationToken)
    {
        using var counter = new TimeStampCounter();
        var (startTicks, startNanoseconds) = counter.ReadPair();
        await Task.Delay(_window, time, cancellationToken);
        var (endTicks, endNanoseconds) = counter.ReadPair();
        return (long)Math.Round((endTicks - startTicks) * 1e6 / (endNanoseconds - startNanoseconds));
    }

    private long? ReadRecord()
    {
        try
        {
            return JsonSerializer.Deserialize<long>(File.ReadAllText(folders.ClockRecord));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}
