using Mags.Machines.Templates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Acceleration;

/// <summary>
/// Chooses the accelerator: KVM where it proves itself, else TCG. That <c>/dev/kvm</c> opens proves little (nested
/// virtualisation may hang guests or end QEMU), so KVM is given one trial of everything that a sandbox needs. Its outcome
/// is kept for as long as kernel, QEMU and processor are the same.
/// </summary>
internal sealed partial class AcceleratorChooser(
    KvmTrial trial,
    AcceleratorRecordFile record,
    IOptions<MachinesOptions> options,
    ILogger<AcceleratorChooser> logger)
{
    /// <summary>Chooses.</summary>
    /// <param name="kvmRecipe">The template that the trial makes, under KVM.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">KVM is insisted on and cannot be used.</exception>
    internal async Task<AcceleratorChoice> ChooseAsync(
        TemplateRecipe kvmRecipe, CancellationToken cancellationToken)
    {
        var choice = options.Value.Accelerator switch
        {
            "tcg" => new AcceleratorChoice(AcceleratorKind.Tcg, "TCG is set in the configuration."),
            "kvm" => Insisted(),
            _ => await TryAsync(kvmRecipe, cancellationToken),
        };
        LogChosen(choice.Kind.Name(), choice.Reason);
        return choice;
    }

    private static AcceleratorChoice Insisted() => KvmDevice.WhyNot() is { } reason
        ? throw new MachineException(MachineFault.Setup, $"KVM is set in the configuration, but {reason}.")
        : new AcceleratorChoice(AcceleratorKind.Kvm, "KVM is set in the configuration.");

    private async Task<AcceleratorChoice> TryAsync(TemplateRecipe kvmRecipe, CancellationToken cancellationToken)
    {
        if (KvmDevice.WhyNot() is { } reason)
        {
            return new AcceleratorChoice(AcceleratorKind.Tcg, $"TCG, because {reason}.");
        }

        var subject = new AcceleratorSubject(
            Environment.OSVersion.VersionString, kvmRecipe.QemuVersion, kvmRecipe.CpuModel);
        if (record.Read(subject) is { } known)
        {
            return known;
        }

        var limit = TimeSpan.FromSeconds(options.Value.ProbeDeadlineSeconds);
        var failure = await trial.RunAsync(kvmRecipe, limit, cancellationToken);
        var choice = failure is null
            ? new AcceleratorChoice(AcceleratorKind.Kvm, "KVM passed its trial on this host.")
            : new AcceleratorChoice(AcceleratorKind.Tcg, $"TCG, because KVM failed its trial on this host: {failure}");
        record.Write(subject, choice);
        return choice;
    }

    [LoggerMessage(LogLevel.Information, "Accelerator: {Accelerator}. {Reason}")]
    private partial void LogChosen(string accelerator, string reason);
}
