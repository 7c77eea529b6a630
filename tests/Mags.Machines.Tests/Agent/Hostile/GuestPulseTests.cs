using Mags.Machines.Agent;

namespace Mags.Machines.Tests.Agent.Hostile;

public sealed class GuestPulseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_OfAGuestThatAnswersNothing_IsGivenUp()
    {
        var clock = new HastyClock(factor: 1_000);
        await using var guest = new FakeGuest(FallSilentAsync);
        await using var channel = new AgentChannel(guest.ConnectAsync, clock);
        using var over = new CancellationTokenSource();
        var pulse = GuestPulse.KeepAsync(channel, clock, over.Token);
        await using var process = new GuestProcess(channel, new ProcessSpec { Arguments = ["sleep", "600"] }, clock, Token);

        var error = await Assert.ThrowsAsync<MachineException>(process.NextAsync);

        Assert.Equal(MachineFault.Agent, error.Reason);
        await over.CancelAsync();
        await pulse;
    }

    private static async Task FallSilentAsync(int session, Stream stream, CancellationToken cancelled) =>
        await FakeGuest.DrainAsync(await FakeGuest.AcceptCallAsync(stream, cancelled), cancelled);
}
