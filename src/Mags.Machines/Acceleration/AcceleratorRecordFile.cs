using System.Text.Json;

namespace Mags.Machines.Acceleration;

/// <summary>What a trial's outcome is bound to.</summary>
/// <param name="HostKernel">Kernel of this host.</param>
/// <param name="Qemu">Version of QEMU.</param>
/// <param name="Cpu">Model of the processor.</param>
internal sealed record AcceleratorSubject(string HostKernel, string Qemu, string Cpu);

/// <summary>The outcome of the last trial, in <c>accelerator.json</c> of the home folder.</summary>
internal sealed class AcceleratorRecordFile(HomeFolders folders)
{
    /// <summary>The outcome for a subject; null when it was never tried.</summary>
    internal AcceleratorChoice? Read(AcceleratorSubject subject)
    {
        try
        {
            var record = JsonSerializer.Deserialize<Record>(
                File.ReadAllBytes(folders.AcceleratorRecord), JsonSerializerOptions.Web);
            return record?.Subject == subject
                ? new AcceleratorChoice(record.Kvm ? AcceleratorKind.Kvm : AcceleratorKind.Tcg, record.Reason)
                : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps an outcome.</summary>
    internal void Write(AcceleratorSubject subject, AcceleratorChoice choice)
    {
        _ = Directory.CreateDirectory(folders.Home);
        var temporary = HomeFolders.Temporary(folders.Home);
        var record = new Record(subject, choice.Kind == AcceleratorKind.Kvm, choice.Reason);
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(record, JsonSerializerOptions.Web));
        File.Move(temporary, folders.AcceleratorRecord, overwrite: true);
    }

    private sealed record Record(AcceleratorSubject Subject, bool Kvm, string Reason);
}
