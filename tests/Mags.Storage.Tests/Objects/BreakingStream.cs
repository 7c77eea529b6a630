namespace Mags.Storage.Tests.Objects;

/// <summary>A source that fails in the middle.</summary>
internal sealed class BreakingStream(int length, int breakAt) : MemoryStream(new byte[length])
{
    public override int Read(byte[] buffer, int offset, int count) =>
        Position >= breakAt ? throw new InvalidOperationException("broken") : base.Read(buffer, offset, Math.Min(count, breakAt - (int)Position));

    public override int Read(Span<byte> buffer) =>
        Position >= breakAt ? throw new InvalidOperationException("broken") : base.Read(buffer[..Math.Min(buffer.Length, breakAt - (int)Position)]);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer, offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        var buffer = new byte[bufferSize];
        int count;
        while ((count = await ReadAsync(buffer, cancellationToken)) > 0)
        {
            await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }
}
