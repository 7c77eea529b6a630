using System.Buffers.Binary;
using Mags.Machines.Native;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Network;

/// <summary>
/// The host's end of a machine's wire until a program in the guest uses it: passt is started for the first packet that
/// somebody wants sent, which waits in the socket for it. Most jobs send none, and a passt costs 30 MB.
/// </summary>
internal sealed class NetworkWire : IAsyncDisposable
{
    private const int LongestIntroduction = 1500;

    // A kernel sends some twenty. One that does not stop is for passt to read, whose time is the machine's and not ours.
    private const int MostIntroductions = 100;

    private const int Peek = 2;

    private readonly SafeFileHandle _end;
    private readonly Func<SafeFileHandle, Task<PasstProcess?>> _start;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task<PasstProcess?> _watching;

    /// <param name="end">The end, taken over.</param>
    /// <param name="start">Starts passt on it; null when there is no network any more.</param>
    internal NetworkWire(SafeFileHandle end, Func<SafeFileHandle, Task<PasstProcess?>> start)
    {
        (_end, _start) = (end, start);
        _watching = WatchAsync();
    }

    /// <summary>Ends passt, or the wait for a reason to start it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (await _watching is { } passt)
        {
            await passt.DisposeAsync();
        }

        _closing.Dispose();
    }

    private async Task<PasstProcess?> WatchAsync()
    {
        try
        {
            // Passt is the only one that reads once it runs.
            return await IsWantedAsync() ? await _start(_end) : null;
        }
        catch (OperationCanceledException)
        {
            // The machine has ended.
            return null;
        }
        finally
        {
            // Passt has a copy; QEMU sees the end of it, and of nothing else.
            _end.Dispose();
        }
    }

    /// <summary>Waits for a packet that passt is needed for, which stays where it is.</summary>
    /// <returns>False when the guest's end is closed.</returns>
    private async Task<bool> IsWantedAsync()
    {
        var head = new byte[GuestFrame.Head];
        for (var dropped = 0; dropped < MostIntroductions; dropped++)
        {
            await ReadableWatcher.Shared.WaitAsync(_end, _closing.Token);
            var seen = Receive(head, Peek);
            if (seen == 0)
            {
                return false;
            }

            if (seen < 0)
            {
                continue;
            }

            var length = GuestFrame.LengthBytes + (long)BinaryPrimitives.ReadUInt32BigEndian(head);
            if (!GuestFrame.IsIntroduction(head.AsSpan(0, seen)) || length > LongestIntroduction)
            {
                return true;
            }

            // Whole or not at all, so that what passt reads first is the beginning of a frame.
            var frame = new byte[length];
            if (Receive(frame, Peek) != length)
            {
                return true;
            }

            _ = Receive(frame, 0);
        }

        return true;
    }

    // Not by a Socket: it would keep the end in its event loop, and wake this process for each packet that passt gets.
    private unsafe int Receive(Span<byte> buffer, int flags)
    {
        const int DoNotWait = 0x40;
        fixed (byte* bytes = buffer)
        {
            return (int)LibC.Receive(_end, bytes, (nuint)buffer.Length, flags | DoNotWait);
        }
    }
}
