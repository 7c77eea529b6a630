using System.Globalization;

namespace Mags.Cli.Output;

/// <summary>Something that may take a while. See <see cref="Terminal.StartProgress"/>.</summary>
internal sealed class Progress : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _frame = TimeSpan.FromMilliseconds(120);
    private static readonly string[] _spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

    private readonly Terminal _terminal;
    private readonly string _what;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private int _frames;
    private bool _disposed;

    public Progress(Terminal terminal, string what, bool inPlace, TimeProvider time)
    {
        _terminal = terminal;
        _what = what;
        _time = time;
        _start = time.GetTimestamp();
        _timer = inPlace
            ? time.CreateTimer(_ => DrawFrame(), null, _patience, _frame)
            : time.CreateTimer(_ => _terminal.Note($"{_what} …"), null, _patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How far it is, drawn beside what it is; null when nobody knows.</summary>
    public string? Detail { get; set; }

    /// <summary>Whether the line that the cursor stands on shows this.</summary>
    public bool IsDrawn => _frames > 0;

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _timer.Dispose();
        _terminal.End(this);
    }

    private void DrawFrame()
    {
        var seconds = (int)_time.GetElapsedTime(_start).TotalSeconds;
        var spinner = _spinner[_frames++ % _spinner.Length];
        var detail = Detail is { } known ? $"{known}, " : "";
        _terminal.Draw(this, string.Create(CultureInfo.InvariantCulture, $"{spinner} {_what} ({detail}{seconds} s)"));
    }
}
