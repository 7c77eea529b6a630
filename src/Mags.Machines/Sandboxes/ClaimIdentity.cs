using System.Security.Cryptography;
using Google.Protobuf;

namespace Mags.Machines.Sandboxes;

/// <summary>What makes a clone different from its siblings.</summary>
/// <param name="Entropy">Randomness for the guest's pool, which is the same in all clones until then.</param>
/// <param name="BootId">The guest's boot id (a UUID).</param>
internal sealed record ClaimIdentity(ByteString Entropy, string BootId)
{
    private const int EntropyBytes = 64;

    internal static ClaimIdentity Create() => new(
        ByteString.CopyFrom(RandomNumberGenerator.GetBytes(EntropyBytes)), Guid.NewGuid().ToString());
}
