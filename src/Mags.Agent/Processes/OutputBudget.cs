namespace Mags.Agent.Processes;

/// <summary>How many large output blocks all processes may hold together, so that many of them fit a small guest.</summary>
internal sealed class OutputBudget(int blocks)
{
    private int _left = blocks;

    public bool TryTake()
    {
        if (Interlocked.Decrement(ref _left) >= 0)
        {
            return true;
        }

        Interlocked.Increment(ref _left);
        return false;
    }

    public void Return() => Interlocked.Increment(ref _left);
}
