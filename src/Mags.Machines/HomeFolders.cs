using Microsoft.Extensions.Options;

namespace Mags.Machines;

/// <summary>Where things lie in the home folder.</summary>
internal sealed class HomeFolders
{
    /// <summary>Name prefix of what is being made; anything left with it is garbage of a crash.</summary>
    internal const string TemporaryPrefix = ".making-";

    public HomeFolders(IOptions<MachinesOptions> options) => Home = Path.GetFullPath(options.Value.Home);

    internal string Home { get; }

    internal string Machines => Path.Combine(Home, "machines");

    internal string Templates => Path.Combine(Home, "templates");

    internal string Blanks => Path.Combine(Home, "blanks");

    /// <summary>Layers of workspaces' disks: what users must not lose.</summary>
    internal string Layers => Path.Combine(Home, "layers");

    internal static UnixFileMode OwnerOnly =>
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    internal string AcceleratorRecord => Path.Combine(Home, "accelerator.json");

    internal string ClockRecord => Path.Combine(Home, "tsc.json");

    internal string CgroupRecord => Path.Combine(Home, "cgroups");

    /// <summary>A name for something that will be renamed when it is complete.</summary>
    internal static string Temporary(string folder) =>
        Path.Combine(folder, TemporaryPrefix + Guid.CreateVersion7().ToString("N"));

    /// <summary>What a machine's command line says of itself: whose it is and which.</summary>
    internal string Marker(string machineId) => $"mags:{Home}:{machineId}";
}
