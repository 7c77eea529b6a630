using System.Text;
using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;

namespace Mags.Machines.Acceleration;

/// <summary>
/// Everything a sandbox needs, once under KVM: a template booted and saved, a clone restored and claimed, a command run
/// in it, its clock looked at.
/// </summary>
internal sealed class KvmTrial(TemplateBooter booter, MachineFactory factory, TimeProvider time)
{
    private static readonly TimeSpan _clockTolerance = TimeSpan.FromSeconds(2);

    /// <summary>Runs the trial; null when passed, else what failed, as a sentence.</summary>
    internal async Task<string?> RunAsync(
        TemplateRecipe recipe, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            // The boot keeps the deadline itself, and then says what the guest said last.
            var template = await booter.MakeOnceAsync(recipe, limit, cancellationToken);
            try
            {
                return await TryCloneAsync(template, either.Token);
            }
            finally
            {
                template.Close();
            }
        }
        catch (MachineException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"it was not over within {limit.TotalSeconds:0} s.";
        }
    }

    private async Task<string?> TryCloneAsync(Template template, CancellationToken cancellationToken)
    {
        var request = new MachineRequest
        {
            Image = "trial",
            Size = template.Recipe.Size,
            DiskGb = 2,
            HostName = "trial",
        };
        await using var machine = await factory.MakeAsync(template, request, cancellationToken);
        var said = new StringBuilder();
        var process = new ProcessSpec { Arguments = ["/bin/sh", "-c", "date +%s"] };
        await foreach (var next in machine.RunAsync(process, cancellationToken))
        {
            if (next is ProcessOutput output)
            {
                _ = said.Append(Encoding.UTF8.GetString(output.Data.Span));
            }
        }

        var answer = said.ToString().Trim();
        if (!long.TryParse(answer, out var seconds))
        {
            return $"a command in the guest answered \"{answer}\".";
        }

        var off = DateTimeOffset.FromUnixTimeSeconds(seconds) - time.GetUtcNow();
        return off.Duration() < _clockTolerance ? null : $"the guest's clock was off by {off.TotalSeconds:0} s.";
    }
}
