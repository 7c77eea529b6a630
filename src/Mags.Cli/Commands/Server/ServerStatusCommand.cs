using System.CommandLine;
using System.Globalization;
using Mags.Cli.Output;
using Mags.Cli.Servers;
using Mags.Contracts.Server;

namespace Mags.Cli.Commands.Server;

/// <summary>
/// <c>mags server status</c>: exit code 0 when a server runs and answers, 3 when none runs (as <c>systemctl</c> does),
/// 1 when one runs but does not answer.
/// </summary>
internal sealed class ServerStatusCommand : MagsCommand
{
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON" };

    public ServerStatusCommand(CliContext context)
        : base("status", "Show whether the local server runs; exit code 3 when it does not", context) =>
        Options.Add(_json);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var status = await new ServerStatusReader(Context).ReadAsync(cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(status, CliJsonContext.Default.ServerStatus);
        }
        else
        {
            Show(status);
        }

        return status switch
        {
            { Running: false } => ExitCodes.NotRunning,
            { State: "unreachable" } => ExitCodes.Failed,
            _ => ExitCodes.Success,
        };
    }

    private void Show(ServerStatus status)
    {
        Context.Terminal.Fields(
            ("Server", status.Running ? new Cell("running", Tint.Good) : new Cell("not running", Tint.Bad)),
            ("URL", status.Url),
            ("Pid", status.Pid?.ToString(CultureInfo.InvariantCulture)),
            ("Version", status.Version),
            ("Home", status.Home),
            ("State", WithReason(status.State, status.StateReason)),
            ("Accelerator", WithReason(status.Accelerator, status.AcceleratorReason)),
            ("Machines", status.Pool is { } pool ? Describe(pool) : null),
            ("Walls", Names(status.Walls, wall => wall.Stands, wall => wall.Name)),
            ("No walls", Names(status.Walls, wall => !wall.Stands, wall => WithReason(wall.Name, wall.Detail)!)),
            ("Object store", status.ObjectStore is { } store ? Describe(store) : null),
            ("Images", string.Join(", ", status.Images?.Select(image => image.Name) ?? [])));
    }

    private static string Describe(PoolStatusResponse pool) =>
        string.Create(CultureInfo.InvariantCulture, $"{pool.BusyVms} busy, {pool.HotVms} hot and {pool.ColdVms} cold waiting");

    private static Cell Describe(ObjectStoreResponse store) => store switch
    {
        { Error: { } error } => new Cell(WithReason(store.Location, error)!, Tint.Bad),
        { SweepError: { } error } => new Cell(WithReason(store.Location, $"not swept: {error}")!, Tint.Bad),
        { ConditionalWrites: false } => WithReason(store.Location, "no conditional writes: only the database guards"),
        { Open: false } => WithReason(store.Location, "not used yet"),
        _ => store.Location,
    };

    private static string? Names(
        IReadOnlyList<WallResponse>? walls, Func<WallResponse, bool> which, Func<WallResponse, string> name) =>
        walls?.Where(which).Select(name).ToList() is { Count: > 0 } names ? string.Join(", ", names) : null;

    private static string? WithReason(string? word, string? reason) => reason is null ? word : $"{word} ({reason})";
}
