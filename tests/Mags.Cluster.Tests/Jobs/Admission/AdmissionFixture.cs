using Mags.Cluster.Jobs;
using Mags.Cluster.Jobs.Admission;
using Mags.Cluster.Tests.Fakes;
using Mags.Data.Jobs;
using Mags.Machines;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Tests.Jobs.Admission;

/// <summary>An admission over memory and time that the test sets.</summary>
internal sealed class AdmissionFixture : IAsyncDisposable
{
    public static readonly Guid Ada = Guid.Parse("00000000-0000-0000-0000-00000000000a");
    public static readonly Guid Bob = Guid.Parse("00000000-0000-0000-0000-00000000000b");
    public static readonly Guid Cyd = Guid.Parse("00000000-0000-0000-0000-00000000000c");

    private readonly JobIds _ids;
    private readonly MemoryRelief _relief;
    private readonly List<AdmissionTicket> _admitted = [];
    private readonly List<AdmissionTicket> _waiting = [];

    public AdmissionFixture(JobOptions? options = null, bool open = true, Func<FakeNodeMemory, IMemoryYield>? spare = null)
    {
        _ids = new JobIds(Time);
        _relief = new MemoryRelief(spare is null ? [] : [spare(Memory)], NullLogger<MemoryRelief>.Instance);
        Admission = new NodeAdmission(
            Options.Create(options ?? new JobOptions()),
            Memory,
            _relief,
            Time,
            NullLogger<NodeAdmission>.Instance);
        if (open)
        {
            Admission.Open();
        }
    }

    public SettableClock Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public FakeNodeMemory Memory { get; } = new();

    public NodeAdmission Admission { get; }

    /// <summary>A job, later than those before.</summary>
    public JobRow NewJob(Guid user, int memoryMib = 1024) => new()
    {
        Id = _ids.Next(),
        UserId = user,
        Name = "job",
        ScriptFirstLine = "",
        Image = "debian",
        Isolation = "microvm",
        Vcpus = 1,
        MemoryMib = memoryMib,
        Subdomain = "0123456789ab",
        CreatedAt = Time.GetUtcNow(),
    };

    /// <summary>Queues a new job.</summary>
    public AdmissionTicket Queue(Guid user, int memoryMib = 1024, CancellationTokenSource? stop = null) =>
        Queue(NewJob(user, memoryMib), stop);

    public AdmissionTicket Queue(JobRow job, CancellationTokenSource? stop = null)
    {
        var ticket = Admission.Enqueue(job, stop?.Token ?? CancellationToken.None);
        _waiting.Add(ticket);
        return ticket;
    }

    /// <summary>Queues jobs whose machines are there at once.</summary>
    public List<AdmissionTicket> Run(Guid user, int count, int memoryMib = 1024)
    {
        var tickets = Enumerable.Range(0, count).Select(_ => Queue(user, memoryMib)).ToList();
        Assert.All(tickets, ticket => Assert.True(ticket.Admitted.IsCompletedSuccessfully));
        tickets.ForEach(ticket => ticket.MachineReady());
        return tickets;
    }

    /// <summary>Ends the job that runs, over and over; answers the order in which the waiting ones came to run.</summary>
    public List<AdmissionTicket> RunAllInTurn(AdmissionTicket running)
    {
        var order = new List<AdmissionTicket>();
        for (var next = running; next is not null; next = NewlyAdmitted())
        {
            _admitted.Add(next);
            order.Add(next);
            next.Dispose();
        }

        return order[1..];
    }

    public async ValueTask DisposeAsync()
    {
        await Admission.DisposeAsync();
        await _relief.DisposeAsync();
    }

    private AdmissionTicket? NewlyAdmitted() =>
        _waiting.SingleOrDefault(ticket => ticket.Admitted.IsCompletedSuccessfully && !_admitted.Contains(ticket));
}
