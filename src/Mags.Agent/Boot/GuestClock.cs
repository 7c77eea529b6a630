using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>The guest's real-time clock. A restored one shows the time of its template.</summary>
internal static unsafe class GuestClock
{
    private const int RealTime = 0;

    /// <summary>Sets it.</summary>
    /// <returns>How far it was behind, in nanoseconds; negative when it was ahead.</returns>
    public static long Set(long unixTimeNanoseconds)
    {
        TimeSpec before;
        NativeException.Check(NativeMethods.GetClock(RealTime, &before), "read the clock");
        var now = TimeSpec.FromNanoseconds(unixTimeNanoseconds);
        NativeException.Check(NativeMethods.SetClock(RealTime, &now), "set the clock");
        return unixTimeNanoseconds - before.TotalNanoseconds;
    }
}
