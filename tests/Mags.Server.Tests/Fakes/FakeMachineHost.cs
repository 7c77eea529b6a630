using System.Collections.Concurrent;
using Mags.Machines;
using Mags.Machines.Pool;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mags.Server.Tests.Fakes;

/// <summary>
/// Stands in for the hypervisor: hands out machines that run scripts of <see cref="FakeMachine"/>'s own small
/// language, and does what the test tells it.
/// </summary>
internal sealed class FakeMachineHost : IMachineHost
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentBag<FakeMachine> _machines = [];
    private int _made;

    public HostStatus Status { get; set; } = new(HostState.Ready, null, "tcg", "a fake has no other");

    public PoolStatus Pool => new(Hot: 2, Cold: 1, Busy: Alive.Count, MinHot: 2, MaxIdle: 10);

    /// <summary>What the next acquisitions throw; null for none.</summary>
    public MachineException? Fault { get; set; }

    /// <summary>While set, no machine is handed out.</summary>
    public bool Holding { get; set; }

    public ConcurrentQueue<MachineRequest> Requests { get; } = new();

    public ConcurrentQueue<ProcessSpec> Processes { get; } = new();

    public IReadOnlyList<FakeMachine> Alive => [.. _machines.Where(machine => !machine.Ended.IsCompleted)];

    /// <summary>Opens what a script waits for by <c>wait NAME</c>, now and later.</summary>
    public void Open(string gate) => Gate(gate).TrySetResult();

    public Task WaitAsync(string gate, CancellationToken cancellationToken) => Gate(gate).Task.WaitAsync(cancellationToken);

    public async Task<IMachine> AcquireAsync(MachineRequest request, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        if (Holding)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        if (Fault is { } fault)
        {
            throw fault;
        }

        if (request.Disk?.KeepAt is { } layer)
        {
            // Longer than an empty layer, and not all zero.
            var content = new byte[200_000];
            content[0] = 1;
            await File.WriteAllBytesAsync(layer, content, cancellationToken);
        }

        var machine = new FakeMachine(this, $"fake-{Interlocked.Increment(ref _made)}");
        _machines.Add(machine);
        return machine;
    }

    /// <summary>Takes the hypervisor's place in a server.</summary>
    public void TakePlace(IServiceCollection services)
    {
        services.RemoveAll<IMachineHost>();
        services.AddSingleton<IMachineHost>(this);

        // The machines' own service would build kernel, image and template.
        foreach (var service in services.Where(IsOfMachines).ToList())
        {
            services.Remove(service);
        }

        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
    }

    private static bool IsOfMachines(ServiceDescriptor service) =>
        service.ServiceType == typeof(IHostedService)
        && (service.ImplementationType ?? service.ImplementationFactory?.Method.DeclaringType)?.Assembly
            == typeof(IMachineHost).Assembly;

    private TaskCompletionSource Gate(string name) => _gates.GetOrAdd(
        name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
