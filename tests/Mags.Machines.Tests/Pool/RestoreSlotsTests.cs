using Mags.Machines.Sandboxes;

namespace Mags.Machines.Tests.Pool;

public sealed class RestoreSlotsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TakeAsync_AllTaken_WaitsInOrder()
    {
        var slots = new RestoreSlots(1);
        var first = await slots.TakeAsync(Token);
        var second = slots.TakeAsync(Token);
        var third = slots.TakeAsync(Token);

        first.Dispose();
        using (await second)
        {
            Assert.False(third.IsCompleted);
        }

        (await third).Dispose();
    }

    [Fact]
    public async Task TakeSpareAsync_AJobWaits_JobGoesFirst()
    {
        var slots = new RestoreSlots(1);
        var first = await slots.TakeAsync(Token);
        var spare = slots.TakeSpareAsync(Token);
        var job = slots.TakeAsync(Token);

        first.Dispose();
        using (await job)
        {
            Assert.False(spare.IsCompleted);
        }

        (await spare).Dispose();
    }

    [Fact]
    public async Task TakeAsync_Cancelled_SlotIsNotLost()
    {
        var slots = new RestoreSlots(1);
        var first = await slots.TakeAsync(Token);
        using var cancel = new CancellationTokenSource();
        var left = slots.TakeAsync(cancel.Token);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        first.Dispose();

        (await slots.TakeSpareAsync(Token)).Dispose();
    }

    [Fact]
    public async Task Dispose_Twice_GivesOneSlotBack()
    {
        var slots = new RestoreSlots(1);
        var first = await slots.TakeAsync(Token);
        first.Dispose();
        first.Dispose();

        using var second = await slots.TakeAsync(Token);

        Assert.False(slots.TakeSpareAsync(Token).IsCompleted);
    }
}
