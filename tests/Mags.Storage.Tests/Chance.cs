namespace Mags.Storage.Tests;

/// <summary>Random content and choices that are the same in every run.</summary>
internal sealed class Chance(int seed)
{
#pragma warning disable CA5394 // Tests want the same bytes again, not secret ones.
    private readonly Random _random = new(seed);

    public byte[] Bytes(int count)
    {
        var content = new byte[count];
        _random.NextBytes(content);
        return content;
    }

    public void Fill(Span<byte> content) => _random.NextBytes(content);

    public int Next(int below) => _random.Next(below);

    public long Next(long below) => _random.NextInt64(below);
#pragma warning restore CA5394
}
