using Mags.Cluster.Workspaces;

namespace Mags.Cluster.Tests.Workspaces;

public sealed class LayerPinsTests
{
    private readonly LayerPins _pins = new();
    private readonly Guid _one = Guid.CreateVersion7();
    private readonly Guid _two = Guid.CreateVersion7();

    [Fact]
    public void Doom_LayerThatNobodyHas_GoesAtOnce() => Assert.Equal([_one, _two], _pins.Doom([_one, _two]));

    [Fact]
    public void Doom_PinnedLayer_GoesWithTheLastPin()
    {
        _pins.Pin([_one, _two]);
        _pins.Pin([_one]);

        Assert.Equal([_two], _pins.Unpin([_two]).Concat(_pins.Doom([_one, _two])));
        Assert.Empty(_pins.Unpin([_one]));
        Assert.Equal([_one], _pins.Unpin([_one]));
    }

    [Fact]
    public void Unpin_LayerThatIsStillNeeded_Stays()
    {
        _pins.Pin([_one]);

        Assert.Empty(_pins.Unpin([_one]));
        Assert.Equal([_one], _pins.Doom([_one]));
    }
}
