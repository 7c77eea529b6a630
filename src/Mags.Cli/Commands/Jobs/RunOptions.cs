using System.CommandLine;
using Mags.Contracts.Jobs;

namespace Mags.Cli.Commands.Jobs;

/// <summary>The options of <c>mags run</c> that describe the job, and the request they make.</summary>
internal sealed class RunOptions
{
    private readonly Option<string[]> _env = new("--env")
    {
        Description = "Environment variable of the script; NAME alone takes the value it has here. May be repeated",
        HelpName = "NAME[=VALUE]",
    };

    private readonly Option<int?> _timeout = CommandOptions.Number(
        "--timeout", "SECONDS", "Time limit of the script (default: 300)");

    private readonly Option<string?> _image = Text("--image", "NAME", "Image to start from");

    private readonly Option<int?> _vcpus = CommandOptions.Number("--vcpus", "N", "Virtual processors (default: 1)");

    private readonly Option<int?> _memory = CommandOptions.Number("--memory", "MIB", "Memory in MiB (default: 1024)");

    private readonly Option<int?> _disk = CommandOptions.Number("--disk", "GB", "Disk size in GiB (default: 2, or what the workspace has)");

    private readonly Option<string?> _name = Text("--name", "NAME", "Name of the job");

    private readonly Option<bool> _ephemeral = new("--ephemeral", "-e")
    {
        Description = "Keep nothing (the default)",
    };

    private readonly Option<string?> _workspace = Text("--workspace", "ID", "Workspace to keep changes in", "-w");

    private readonly Option<string?> _both = Text("-n", "NAME", "Name of the job and of its workspace");

    private readonly Option<bool> _persistent = new("--persistent", "-p")
    {
        Description = "Keep the sandbox alive after the script",
    };

    private readonly Option<string?> _base = Text("--base", "ID", "Workspace to start from; it stays as it is");

    private readonly Option<bool> _noSleep = new("--no-sleep")
    {
        Description = "Never put a persistent sandbox to sleep",
    };

    private readonly Option<string?> _startup = Text(
        "--startup-command", "COMMAND", "Run when a sleeping sandbox wakes");

    private readonly Option<bool> _network = new("--network")
    {
        Description = "Insist on a network: fail where the server gives none",
    };

    private readonly Option<bool> _noNetwork = new("--no-network")
    {
        Description = "Give the sandbox no network",
    };

    public void AddTo(Command command)
    {
        Option[] options =
        [
            _env, _timeout, _image, _vcpus, _memory, _disk, _name, _ephemeral, _workspace, _both, _persistent, _base,
            _noSleep, _startup, _network, _noNetwork,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The request. What is not asked for is left out, so that the server's defaults hold.</summary>
    public CreateJobRequest ToRequest(
        ParseResult arguments, string script, IReadOnlyDictionary<string, string> variables)
    {
        var workspace = arguments.GetValue(_workspace) ?? arguments.GetValue(_both);
        var isPersistent = arguments.GetValue(_persistent);
        if (arguments.GetValue(_ephemeral) && (workspace is not null || isPersistent))
        {
            throw new CliException("--ephemeral keeps nothing: leave it out, or the workspace", ExitCodes.Usage);
        }

        var (network, noNetwork) = (arguments.GetValue(_network), arguments.GetValue(_noNetwork));
        if (network && noNetwork)
        {
            throw new CliException("--network and --no-network exclude each other", ExitCodes.Usage);
        }

        return new CreateJobRequest
        {
            Script = script,
            Type = "inline",
            Name = arguments.GetValue(_name) ?? arguments.GetValue(_both),
            WorkspaceId = workspace,
            BaseWorkspaceId = arguments.GetValue(_base),
            Persistent = isPersistent ? true : null,
            NoSleep = arguments.GetValue(_noSleep) ? true : null,
            StartupCommand = arguments.GetValue(_startup),
            Environment = EnvironmentOption.Parse(arguments.GetValue(_env) ?? [], variables),
            DiskGb = arguments.GetValue(_disk),
            Vcpus = arguments.GetValue(_vcpus),
            MemoryMb = arguments.GetValue(_memory),
            Timeout = arguments.GetValue(_timeout),
            Image = arguments.GetValue(_image),
            Network = network ? true : noNetwork ? false : null,
        };
    }

    private static Option<string?> Text(string name, string value, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = value };
}
