namespace Mags.Agent.Processes;

/// <summary>The agent's own world: whoever started it has put walls around it.</summary>
internal sealed class PlainSandbox(string scriptFolder) : ISandbox
{
    private readonly Lock _gate = new();

    public string ScriptFolder => scriptFolder;

    public bool IsEnding => false;

    public long MemoryKills => 0;

    public bool Admit(int processId) => true;

    public void Invoke(Action work)
    {
        lock (_gate)
        {
            work();
        }
    }
}
