using Grpc.Core;
using Mags.Agent.Processes;
using Mags.Agent.Sandbox;
using Mags.Protocol;

namespace Mags.Agent.Service;

/// <summary>The host's call that places files: it is read no faster than the disk takes what it brings.</summary>
internal sealed class PutFilesSession(IAsyncStreamReader<PutFilesInput> input, ISandbox sandbox)
{
    /// <summary>Places the files in a folder.</summary>
    /// <param name="folder">The folder, as the sandbox sees it.</param>
    /// <param name="show">Called with their names, on the sandbox's thread, when all are in place.</param>
    /// <param name="cancellationToken">The session broke.</param>
    /// <returns>Why they are not placed; empty when they are.</returns>
    public async Task<string> RunAsync(
        string folder, Action<IReadOnlyList<string>> show, CancellationToken cancellationToken)
    {
        FilePlacement? placement = null;
        try
        {
            sandbox.Invoke(() => placement = new FilePlacement(folder));
            while (await input.MoveNext(cancellationToken))
            {
                Take(input.Current, placement!);
            }

            sandbox.Invoke(() => show(placement!.Placed));
            return "";
        }
        catch (IOException fault)
        {
            return fault.Message;
        }
        finally
        {
            if (placement is not null)
            {
                sandbox.Invoke(placement.Dispose);
            }
        }
    }

    private void Take(PutFilesInput message, FilePlacement placement)
    {
        switch (message.InputCase)
        {
            case PutFilesInput.InputOneofCase.Start:
                sandbox.Invoke(() => placement.Begin(message.Start.Name));
                break;
            case PutFilesInput.InputOneofCase.Data:
                placement.Write(message.Data.Span);
                break;
            case PutFilesInput.InputOneofCase.End when message.End:
                sandbox.Invoke(placement.End);
                break;
            default:
                // Not known to this generation.
                break;
        }
    }
}
