using Mags.Storage.Objects;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mags.Cluster.Tests.Fakes;

/// <summary>A real object store, with a place to do something right after a record of it was written.</summary>
internal sealed class WatchedStore(IObjectStore store) : IObjectStore
{
    /// <summary>Called with the key of each record that was written.</summary>
    public Func<string, Task> RecordWritten { get; set; } = _ => Task.CompletedTask;

    public string Location => store.Location;

    /// <summary>Takes the place of the store that services have.</summary>
    public static void TakePlace(IServiceCollection services)
    {
        var real = services.Single(service => service.ServiceType == typeof(IObjectStore)).ImplementationFactory!;
        services.Replace(ServiceDescriptor.Singleton<IObjectStore>(
            provider => new WatchedStore((IObjectStore)real(provider))));
    }

    public Task PutAsync(string key, Stream content, CancellationToken cancellationToken) =>
        store.PutAsync(key, content, cancellationToken);

    public Task<Stream?> OpenAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        store.OpenAsync(key, offset, length, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => store.DeleteAsync(key, cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        store.ListAsync(prefix, cancellationToken);

    public Task<StoredRecord?> ReadRecordAsync(string key, CancellationToken cancellationToken) =>
        store.ReadRecordAsync(key, cancellationToken);

    public async Task<string?> WriteRecordAsync(
        string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken)
    {
        var written = await store.WriteRecordAsync(key, content, version, cancellationToken);
        await RecordWritten(key);
        return written;
    }

    public Task<bool> ConditionalWrites(CancellationToken cancellationToken) => store.ConditionalWrites(cancellationToken);
}
