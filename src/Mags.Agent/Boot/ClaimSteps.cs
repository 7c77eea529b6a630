using Mags.Protocol;

namespace Mags.Agent.Boot;

/// <summary>Where a claim's time goes.</summary>
internal sealed class ClaimSteps(TimeProvider time)
{
    private readonly ClaimReply _reply = new();
    private long _last = time.GetTimestamp();

    /// <summary>Says that a step is done.</summary>
    public void Done(string name)
    {
        var now = time.GetTimestamp();
        _reply.Steps.Add(new Step { Name = name, Micros = (long)time.GetElapsedTime(_last, now).TotalMicroseconds });
        _last = now;
    }

    public ClaimReply ToReply() => _reply;
}
