using System.Globalization;
using Mags.Cli.Output;
using Mags.Contracts.Jobs;

namespace Mags.Cli.Commands.Jobs;

/// <summary>A job as people read it.</summary>
internal static class JobView
{
    private const int MostOfScript = 40;

    public static IReadOnlyList<string> Heading { get; } =
        ["ID", "NAME", "STATUS", "EXIT", "CREATED", "TOOK", "SCRIPT"];

    public static IReadOnlyList<Cell> Row(JobResponse job, TimeProvider time) =>
    [
        job.RequestId,
        job.Name,
        Status(job),
        ExitCode(job),
        Humanly.Ago(job.CreatedAt, time),
        Took(job),
        Humanly.Clip(job.Script ?? string.Empty, MostOfScript),
    ];

    public static IEnumerable<(string Name, Cell Value)> Fields(JobResponse job, TimeProvider time) =>
    [
        ("Job", job.RequestId),
        ("Name", job.Name),
        ("Status", Status(job)),
        ("Error", new Cell(job.Error ?? string.Empty, Tint.Bad)),
        ("Exit code", ExitCode(job)),
        ("Took", Took(job)),
        ("Created", Humanly.When(job.CreatedAt, time)),
        ("Started", Humanly.When(job.StartedAt, time)),
        ("Completed", Humanly.When(job.CompletedAt, time)),
        ("Workspace", job.WorkspaceId),
        ("Base", job.BaseWorkspaceId),
        .. SyncView.Fields(job.SyncState, job.LastSyncedAt, job.SyncError, time),
        ("URL", job.Url),
        ("Image", job.Image),
        ("Sandbox", Sandbox(job)),
        ("Machine", job.VmId),
    ];

    private static Cell Status(JobResponse job) => new(job.Status, job.Status switch
    {
        JobStatusNames.Completed => Tint.Good,
        JobStatusNames.Error => Tint.Bad,
        JobStatusNames.Pending or JobStatusNames.Running => Tint.Active,
        _ => Tint.Faint,
    });

    private static Cell ExitCode(JobResponse job) => job.ExitCode?.ToString(CultureInfo.InvariantCulture);

    private static Cell Took(JobResponse job) =>
        job.ScriptDurationMs is { } milliseconds ? Humanly.Span(TimeSpan.FromMilliseconds(milliseconds)) : null;

    private static Cell Sandbox(JobResponse job)
    {
        string?[] parts =
        [
            job.Isolation,
            job.Accelerator,
            Measure(job.Vcpus, job.Vcpus == 1 ? "vCPU" : "vCPUs"),
            Measure(job.MemoryMb, "MiB memory"),
            Measure(job.DiskGb, "GiB disk"),
        ];
        return string.Join(", ", parts.Where(p => p is not null));
    }

    private static string? Measure(int? number, string unit) =>
        number is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value} {unit}") : null;
}
