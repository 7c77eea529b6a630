namespace Mags.Machines.Sandboxes;

/// <summary>Measures steps that follow each other.</summary>
internal sealed class StepClock(TimeProvider time)
{
    private readonly List<MachineStep> _steps = [];
    private long _last = time.GetTimestamp();

    internal IReadOnlyList<MachineStep> Steps => _steps;

    /// <summary>Ends a step, which began with the end of the one before.</summary>
    internal void Mark(string name)
    {
        var now = time.GetTimestamp();
        _steps.Add(new MachineStep(name, time.GetElapsedTime(_last, now)));
        _last = now;
    }

    /// <summary>Adds the parts of the step that was marked last, as the guest measured them.</summary>
    internal void AddParts(IEnumerable<MachineStep> parts)
    {
        var whole = _steps[^1].Name;
        _steps.AddRange(parts.Select(part => part with { Name = $"{whole}/{part.Name}" }));
    }
}
