using System.Globalization;
using Mags.Machines.Native;

namespace Mags.Machines.Acceleration;

/// <summary>The kernel's device for hardware virtualisation.</summary>
internal static class KvmDevice
{
    private const string DevicePath = "/dev/kvm";

    /// <summary>
    /// Group that may open the device, read from the group that owns it; null when everybody may or there is none.
    /// </summary>
    internal static uint? Group { get; } = FindGroup();

    /// <summary>Why the device cannot be used, in a sentence; null when it opens.</summary>
    internal static string? WhyNot()
    {
        if (!File.Exists(DevicePath))
        {
            return "this host has no /dev/kvm";
        }

        const int ReadWriteCloseOnExec = 0x80002;
        using var device = LibC.Open(DevicePath, ReadWriteCloseOnExec, 0);
        return device.IsInvalid ? $"/dev/kvm does not open ({NativeError.Last("open").Message})" : null;
    }

    private static uint? FindGroup()
    {
        const UnixFileMode Everybody = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!File.Exists(DevicePath) || (File.GetUnixFileMode(DevicePath) & Everybody) == Everybody)
        {
            return null;
        }

        // The group's number is in the account file; .NET tells no owner of a file.
        var line = File.ReadLines("/etc/group").FirstOrDefault(l => l.StartsWith("kvm:", StringComparison.Ordinal));
        return line is not null && uint.TryParse(line.Split(':')[2], CultureInfo.InvariantCulture, out var id)
            ? id
            : null;
    }
}
