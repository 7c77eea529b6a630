using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Mags.Storage.Objects;

namespace Mags.Storage.Tests.Fakes;

/// <summary>A store in memory that a test can damage, look into, and stop at a certain call.</summary>
internal sealed class MemoryObjectStore(TimeProvider time) : IObjectStore
{
    private readonly ConcurrentDictionary<string, (byte[] Content, DateTimeOffset At)> _objects = new();
    private readonly Lock _lock = new();
    private int _callsLeft = int.MaxValue;
    private int _opens;

    public string Location => "memory";

    public IEnumerable<string> Keys => _objects.Keys;

    /// <summary>Whether it heeds conditions.</summary>
    public bool Conditional { get; init; } = true;

    /// <summary>Called after each write, with its key.</summary>
    public Action<string> Written { get; set; } = _ => { };

    public int Puts { get; private set; }

    public int Opens => _opens;

    public byte[] this[string key]
    {
        get => _objects[key].Content;
        set => _objects[key] = (value, time.GetUtcNow());
    }

    /// <summary>Lets so many calls through; all later ones fail, as if the process had ended there.</summary>
    public void FailAfter(int calls) => _callsLeft = calls;

    public async Task PutAsync(string key, Stream content, CancellationToken cancellationToken)
    {
        Call();
        ObjectKey.Check(key);
        using var copy = new MemoryStream();
        content.Position = 0;
        await content.CopyToAsync(copy, cancellationToken);
        lock (_lock)
        {
            Puts++;
        }

        this[key] = copy.ToArray();
        Written(key);
    }

    public Task<Stream?> OpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        Call();
        Interlocked.Increment(ref _opens);
        if (!_objects.TryGetValue(key, out var there))
        {
            return Task.FromResult<Stream?>(null);
        }

        var start = (int)Math.Min(offset, there.Content.Length);
        var count = (int)Math.Min(length ?? int.MaxValue, there.Content.Length - start);
        return Task.FromResult<Stream?>(new MemoryStream(there.Content, start, count, writable: false));
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Call();
        _objects.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Call();
        await Task.Yield();
        foreach (var (key, there) in _objects.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            yield return new StoredObject(key, there.Content.Length, there.At);
        }
    }

    public Task<StoredRecord?> ReadRecordAsync(string key, CancellationToken cancellationToken)
    {
        Call();
        return Task.FromResult(_objects.TryGetValue(key, out var there)
            ? new StoredRecord(there.Content, VersionOf(there.Content))
            : null);
    }

    public Task<string?> WriteRecordAsync(
        string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken)
    {
        Call();
        lock (_lock)
        {
            var there = _objects.TryGetValue(key, out var old) ? VersionOf(old.Content) : null;
            if (Conditional && there != version)
            {
                return Task.FromResult<string?>(null);
            }

            this[key] = content.ToArray();
        }

        Written(key);
        return Task.FromResult<string?>(VersionOf(content.Span));
    }

    public Task<bool> ConditionalWrites(CancellationToken cancellationToken) => Task.FromResult(Conditional);

    private static string VersionOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private void Call()
    {
        if (Interlocked.Decrement(ref _callsLeft) < 0)
        {
            throw new ObjectStoreException(ObjectStoreFault.Unreachable, "stopped by the test");
        }
    }
}
