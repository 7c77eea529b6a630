using System.Text;

namespace Mags.Cli.Tests.Fakes;

/// <summary>Keeps what is written, and tells when a certain text has come.</summary>
internal sealed class RecordingStream : MemoryStream
{
    private readonly Lock _lock = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _waiting = [];

    /// <summary>Thrown at the next write, as a descriptor does whose reader went away.</summary>
    public Exception? Failure { get; set; }

    public string Text
    {
        get
        {
            lock (_lock)
            {
                return Encoding.UTF8.GetString(ToArray());
            }
        }
    }

    public Task WaitForAsync(string text, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((text, seen));
            Check();
            return seen.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (_lock)
        {
            if (Failure is { } failure)
            {
                throw failure;
            }

            base.Write(buffer, offset, count);
            Check();
        }
    }

    private void Check()
    {
        foreach (var (text, seen) in _waiting)
        {
            if (Text.Contains(text, StringComparison.Ordinal))
            {
                seen.TrySetResult();
            }
        }
    }
}
