using System.CommandLine;
using Mags.Server.Hosting;

namespace Mags.Server.Commands;

/// <summary>The command line of <c>magsd</c>.</summary>
internal static class ServerCommand
{
    /// <summary>Runs one command line.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> InvokeAsync(string[] args, ServerSettings settings)
    {
        var root = new RootCommand("The Mags server. People use `mags`, which starts it.")
        {
            RunCommand.Create(settings),
            SetupCommand.Create(settings),
            ImageCommand.Create(settings),
            TokenCommand.Create(settings),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"magsd: {parsed.Errors[0].Message}");
            return (int)ExitCode.Usage;
        }

        // The host itself waits for SIGTERM and SIGINT: a second waiter would cut its stop off after two seconds.
        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>Does what a command is for, and turns what goes wrong into one sentence and an exit code.</summary>
    public static async Task<int> RunAsync(Func<Task> action)
    {
        try
        {
            await action();
            return (int)ExitCode.Ok;
        }
        catch (ServerException exception)
        {
            await Console.Error.WriteLineAsync($"magsd: {exception.Message}");
            return (int)exception.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("magsd: interrupted");
            return (int)ExitCode.Fault;
        }
#pragma warning disable CA1031 // The edge of the process: the exit code says that it failed, the log in whole why.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await Console.Error.WriteLineAsync($"magsd: {exception.Message}");
            await Console.Error.WriteLineAsync(exception.ToString());
            return (int)ExitCode.Fault;
        }
    }
}
