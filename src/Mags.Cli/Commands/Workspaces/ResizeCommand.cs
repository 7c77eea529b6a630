using System.CommandLine;
using System.Globalization;
using System.Net;
using Mags.Client;
using Mags.Client.Errors;
using Mags.Contracts;
using Mags.Contracts.Workspaces;

namespace Mags.Cli.Commands.Workspaces;

/// <summary><c>mags resize NAME --disk GB</c>.</summary>
internal sealed class ResizeCommand : MagsCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Workspace, or a job in it" };

    private readonly Option<int?> _disk = CommandOptions.Number(
        "--disk", "GB", "Size of its disk in GiB, from its next job on; a disk can only grow");

    private readonly Option<bool> _json = CommandOptions.Json();

    public ResizeCommand(CliContext context)
        : base("resize", "Give a workspace a larger disk", context)
    {
        Arguments.Add(_name);
        _disk.Required = true;
        Options.Add(_disk);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = await Context.ConnectAsync(cancellationToken);
        var request = new UpdateWorkspaceRequest { DiskGb = arguments.GetValue(_disk) };
        var workspace = await ResizeAsync(client, arguments.GetRequiredValue(_name), request, cancellationToken);
        if (arguments.GetValue(_json))
        {
            Context.Terminal.Json(workspace, MagsJsonContext.Default.WorkspaceResponse);
        }
        else
        {
            Context.Terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Workspace '{workspace.WorkspaceId}' has a disk of {workspace.DiskGb} GiB from its next job on"));
        }

        return ExitCodes.Success;
    }

    private static async Task<WorkspaceResponse> ResizeAsync(
        MagsClient client, string name, UpdateWorkspaceRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.UpdateWorkspaceAsync(name, request, cancellationToken);
        }
        catch (MagsApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            if (await FindWorkspaceAsync(client, name, cancellationToken) is not { } workspace)
            {
                throw;
            }

            return await client.UpdateWorkspaceAsync(workspace, request, cancellationToken);
        }
    }

    private static async Task<string?> FindWorkspaceAsync(
        MagsClient client, string job, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.GetJobAsync(job, cancellationToken)).WorkspaceId;
        }
        catch (MagsApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
