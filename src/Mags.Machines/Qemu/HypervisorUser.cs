using System.Globalization;

namespace Mags.Machines.Qemu;

/// <summary>
/// Runs a hypervisor as a user of its own without any capability. Only root can; another user's hypervisors run as that
/// user.
/// </summary>
internal static class HypervisorUser
{
    private const string Setpriv = "/usr/bin/setpriv";

    /// <summary>Program and arguments that run <paramref name="program"/> as a user.</summary>
    /// <param name="uid">User and group; null for this process's own.</param>
    /// <param name="deviceGroup">Group that may open the accelerator's device; null when none is needed.</param>
    /// <param name="program">Absolute path.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static (string Path, IReadOnlyList<string> Arguments) Wrap(
        uint? uid, uint? deviceGroup, string program, IReadOnlyList<string> arguments)
    {
        if (uid is not { } user)
        {
            return (program, arguments);
        }

        var id = user.ToString(CultureInfo.InvariantCulture);
        var groups = deviceGroup is { } group
            ? "--groups=" + group.ToString(CultureInfo.InvariantCulture)
            : "--clear-groups";
        return (Setpriv,
        [
            $"--reuid={id}", $"--regid={id}", groups, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
            program, .. arguments,
        ]);
    }
}
