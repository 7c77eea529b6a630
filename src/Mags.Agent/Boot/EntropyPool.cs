using System.Buffers.Binary;
using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>The kernel's randomness. Clones of one template would all draw the same without the host's.</summary>
internal sealed unsafe class EntropyPool
{
    private const nuint AddEntropy = 0x40085203;
    private const nuint Reseed = 0x5207;
    private const int HeaderLength = 8;

    // Opened before the template is saved: a clone's first act then is the reseeding itself.
    private readonly int _device = FileDescriptor.Open("/dev/urandom", FileDescriptor.ReadWrite);

    /// <summary>Mixes the bytes in, then has the generator start anew from the pool; the second alone is not enough.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        Span<byte> request = stackalloc byte[HeaderLength + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(request, bytes.Length * 8);
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], bytes.Length);
        bytes.CopyTo(request[HeaderLength..]);
        fixed (byte* start = request)
        {
            NativeException.Check(NativeMethods.DeviceControl(_device, AddEntropy, start), "add entropy");
            NativeException.Check(NativeMethods.DeviceControl(_device, Reseed, null), "reseed the random generator");
        }
    }
}
