using System.CommandLine;
using Mags.Data;
using Mags.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Mags.Server.Commands;

/// <summary><c>magsd token</c>: prints a valid token of the first user, whether a server runs or not.</summary>
internal static class TokenCommand
{
    public static Command Create(ServerSettings settings)
    {
        var command = new Command("token", "Prints a valid token of the first user.");
        command.SetAction((_, cancellationToken) =>
            ServerCommand.RunAsync(() => PrintAsync(settings, cancellationToken)));
        return command;
    }

    private static async Task PrintAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        HomeFolder.Prepare(settings.Home);
        try
        {
            await using var app = MagsServer.BuildTool(settings);
            await app.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
            var token = await app.Services.GetRequiredService<FirstUser>().EnsureTokenAsync(cancellationToken);
            var kept = await ClientFile.ReadAsync(settings.Home, cancellationToken);
            if (kept?.Token != token)
            {
                var listen = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.Listen;
                var file = kept is null ? new ClientFile(listen, token) : kept with { Token = token };
                await file.WriteAsync(settings.Home, cancellationToken);
            }

            await Console.Out.WriteLineAsync(token);
        }
        catch (Exception exception) when (StartFaults.Translate(exception, settings) is { } fault)
        {
            throw fault;
        }
    }
}
