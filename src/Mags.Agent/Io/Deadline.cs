namespace Mags.Agent.Io;

/// <summary>Something to do later on the loop's thread. A cancelled one holds nothing alive.</summary>
internal sealed class Deadline(Action action)
{
    private Action? _action = action;

    public void Cancel() => _action = null;

    public void Run() => Interlocked.Exchange(ref _action, null)?.Invoke();
}
