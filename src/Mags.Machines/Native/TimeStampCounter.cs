using System.Runtime.InteropServices;

namespace Mags.Machines.Native;

/// <summary>
/// Reads the processor's time stamp counter (RDTSC), for which .NET has no call, by a few machine instructions on a page
/// of their own.
/// </summary>
internal sealed unsafe class TimeStampCounter : IDisposable
{
    private const int PageSize = 4096;

    private readonly nint _page;

    internal TimeStampCounter()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new MachineException(MachineFault.Setup, "Machines need an x86-64 host.");
        }

        const int Read = 1, Write = 2, Execute = 4, PrivateAnonymous = 0x22;
        _page = LibC.Map(0, PageSize, Read | Write, PrivateAnonymous, -1, 0);
        if (_page == -1)
        {
            throw NativeError.Last("mmap");
        }

        // rdtsc; shl rdx, 32; or rax, rdx; ret: a leaf function that takes nothing and returns the counter in rax.
        ReadOnlySpan<byte> code = [0x0F, 0x31, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3];
        code.CopyTo(new Span<byte>((void*)_page, PageSize));
        if (LibC.Protect(_page, PageSize, Read | Execute) != 0)
        {
            throw NativeError.Last("mprotect");
        }
    }

    /// <summary>
    /// The counter and the raw monotonic clock (which no time service slews) at one moment: the reading with the least
    /// delay of several.
    /// </summary>
    internal (ulong Ticks, long Nanoseconds) ReadPair()
    {
        var best = (Ticks: 0UL, Nanoseconds: 0L);
        var least = ulong.MaxValue;
        for (var i = 0; i < 32; i++)
        {
            var before = Read();
            var now = RawClock();
            var after = Read();
            if (after - before < least)
            {
                least = after - before;
                best = (before + (least / 2), now);
            }
        }

        return best;
    }

    public void Dispose() => _ = LibC.Unmap(_page, PageSize);

    // Sound: the page is mapped until Dispose, executable, and holds a function of exactly this type.
    private ulong Read() => ((delegate* unmanaged<ulong>)_page)();

    private static long RawClock()
    {
        const int MonotonicRaw = 4;
        LibC.TimeSpec time;
        return LibC.ClockGetTime(MonotonicRaw, &time) == 0
            ? (time.Seconds * 1_000_000_000) + time.Nanoseconds
            : throw NativeError.Last("clock_gettime");
    }
}
