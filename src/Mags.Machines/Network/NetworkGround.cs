using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Walls;

namespace Mags.Machines.Network;

/// <summary>What all machines' networks share: the namespace they lead out of, the view that passt starts in, the tools.</summary>
internal sealed class NetworkGround : IDisposable
{
    internal const string NoRoute = "This host has no default route.";

    private const int OpenFiles = 8192;

    private readonly JailNamespaces _view;
    private readonly string _launcher;
    private bool _wasTried;

    private NetworkGround(NetworkPlace place, JailNamespaces view, string launcher, string passt)
    {
        (Place, _view, _launcher, Passt) = (place, view, launcher, passt);
        Nft = new Nft(launcher, place.Handles);
    }

    internal NetworkPlace Place { get; }

    internal Nft Nft { get; }

    /// <summary>Path of passt.</summary>
    internal string Passt { get; }

    /// <summary>Makes it.</summary>
    /// <exception cref="MachineException">Something that is needed is not there; the message says what.</exception>
#pragma warning disable CA2000 // What is made here belongs to what is returned, or is disposed when that fails.
    internal static async Task<NetworkGround> MakeAsync(
        NetworkOptions options, string launcher, string home, CancellationToken cancellationToken)
    {
        if (LibC.GetEffectiveUserId() != 0)
        {
            throw new MachineException(MachineFault.Setup, "The server does not run as root.");
        }

        _ = Tool.Find("nft");
        var passt = Tool.Find("passt");
        var place = NetworkPlace.Open(options.Namespace);
        try
        {
            var contents = await JailContents.FindPasstAsync(passt, cancellationToken);
            _ = Directory.CreateDirectory(home);
            var view = await JailNamespaces.MakeAsync(
                launcher, home, contents, JailNamespaces.WithoutNetwork, cancellationToken);
            return new NetworkGround(place, view, launcher, passt);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }
#pragma warning restore CA2000

    /// <summary>Whether passt works here, until it did once.</summary>
    /// <exception cref="MachineException">It does not; the message says why.</exception>
    internal async Task TryPasstAsync(UidRange uids, TimeProvider time, CancellationToken cancellationToken)
    {
        if (_wasTried)
        {
            return;
        }

        var families = Place.Families();
        if (families == IpFamilies.None)
        {
            throw new MachineException(MachineFault.Setup, NoRoute);
        }

        var uid = uids.Take();
        try
        {
            await PasstTrial.RunAsync(ConfineAlone(uid), Passt, families, time, cancellationToken);
            _wasTried = true;
        }
        finally
        {
            uids.Release(uid);
        }
    }

    /// <summary>What passt is started behind: all that its machine's QEMU is behind, but with a network.</summary>
    internal Confinement Confine(Confinement machine) => machine with
    {
        Namespaces = [.. _view.Handles, .. Place.Handles],
        DeviceGroup = null,
        // It writes none.
        FileBytes = 0,
        // One for each connection and each port of the guest.
        OpenFiles = OpenFiles,
    };

    public void Dispose()
    {
        _view.Dispose();
        Place.Dispose();
    }

    // For a passt without a machine.
    private Confinement ConfineAlone(uint user) => Confine(
        new Confinement { Launcher = _launcher, User = user, Processes = 8 });
}
