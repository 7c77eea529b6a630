using Mags.Machines.Network;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Tests.Network;

public sealed class MachinePasstsTests
{
    [Fact]
    public void Start_BeforeTheRulesStand_StartsNone()
    {
        var passts = new MachinePassts(TimeProvider.System, NullLogger.Instance);
        using var end = new SafeFileHandle();

        // Nothing of the machine is looked at: a passt is refused before that.
        Assert.Null(passts.Start(machine: null!, end, IpFamilies.Four));
    }
}
