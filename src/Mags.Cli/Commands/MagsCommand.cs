using System.CommandLine;
using Mags.Client.Errors;

namespace Mags.Cli.Commands;

/// <summary>A command that does something: shared services, and expected failures as sentence and exit code.</summary>
internal abstract class MagsCommand : Command
{
    protected MagsCommand(string name, string description, CliContext context)
        : base(name, description)
    {
        Context = context;
        SetAction(ExecuteAsync);
    }

    protected CliContext Context { get; }

    /// <summary>Exit code of a failure that has none of its own.</summary>
    protected virtual int FailureCode => ExitCodes.Failed;

    protected abstract Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken);

    private async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(arguments, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (MagsApiException e)
        {
            Context.Terminal.Error(e.Message);
            return FailureCode;
        }
        catch (CliException e) when (e.ExitCode != ExitCodes.OutputClosed)
        {
            Context.Terminal.Error(e.Message);
            return e.ExitCode ?? FailureCode;
        }
    }
}
