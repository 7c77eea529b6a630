namespace Mags.Server.Commands;

/// <summary>Prints progress as lines, in order: <see cref="Progress{T}"/> would report from many threads.</summary>
/// <param name="writer">Where to.</param>
/// <param name="format">A step's line; null prints none.</param>
internal sealed class LineProgress<T>(TextWriter writer, Func<T, string?> format) : IProgress<T>
{
    private readonly Lock _gate = new();

    public void Report(T value)
    {
        if (format(value) is { } line)
        {
            lock (_gate)
            {
                writer.WriteLine(line);
            }
        }
    }
}
