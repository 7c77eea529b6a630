using Mags.Machines.Acceleration;
using Mags.Machines.Pool;
using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Tests.Pool;

/// <summary>Which machines the pool wants; none is made here.</summary>
public sealed class MachinePoolTests
{
    private static readonly TemplateLease _default = NewTemplate("debian");
    private static readonly TemplateLease _other = NewTemplate("alpine");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void NextOrder_NoDemand_DefaultTemplateIsKeptReady()
    {
        var pool = NewPool(new PoolOptions { MinHot = 2, MinUnmounted = 1, Cold = 1 });

        Assert.Equal(
            [Readiness.Mounted, Readiness.Mounted, Readiness.Rehearsed, Readiness.Cold], Orders(pool).Select(order => order.Readiness));
    }

    [Fact]
    public void NextOrder_Burst_AsManyHotAsCameAtOnceUpToTheLimit()
    {
        var pool = NewPool(new PoolOptions { MinHot = 1, MinUnmounted = 0, MaxHot = 4, Cold = 0 });
        Take(pool, _default, diskGb: 2, times: 3);
        Assert.Equal(3, Orders(pool).Count);

        Take(pool, _default, diskGb: 2, times: 30);
        _ = Assert.Single(Orders(pool));
    }

    [Fact]
    public void NextOrder_AnotherDisk_MachinesThatTakeAnyDiskAreMade()
    {
        var pool = NewPool(new PoolOptions { MinHot = 0, MinUnmounted = 0, Cold = 0 });
        Take(pool, _default, diskGb: 10, times: 2);

        Assert.Equal([Readiness.Rehearsed, Readiness.Rehearsed], Orders(pool).Select(order => order.Readiness));
    }

    [Fact]
    public void NextOrder_AnotherTemplate_IsKeptReadyForAWhile()
    {
        var pool = NewPool(new PoolOptions { MinHot = 0, MinUnmounted = 0, Cold = 1, KeepMinutes = 10 });
        Take(pool, _other, diskGb: 2, times: 1);
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal([Readiness.Mounted, Readiness.Cold], Orders(pool).Where(IsOther).Select(order => order.Readiness));

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.DoesNotContain(Orders(pool), IsOther);

        static bool IsOther(PoolOrder order) => order.Shelf.Template == _other.Template;
    }

    [Fact]
    public void NextOrder_MemoryShareIsUsedUp_NoneIsMade()
    {
        var pool = NewPool(new PoolOptions { MinHot = 5, MinUnmounted = 0, Cold = 5, MemoryShare = 0 });

        Assert.Empty(Orders(pool));
    }

    [Fact]
    public async Task Changed_SandboxWanted_IsTold()
    {
        await using var pool = NewPool(new PoolOptions());
        var changed = pool.Changed;
        Assert.False(changed.IsCompleted);

        Take(pool, _default, diskGb: 2, times: 1);

        await changed.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task NextOrder_MemoryWasShort_NoneIsMadeForAWhileAndThenAgain()
    {
        await using var pool = NewPool(new PoolOptions { MinHot = 1, MinUnmounted = 0, Cold = 0 });

        Assert.False(await pool.TryFreeAsync(1 << 30, TestContext.Current.CancellationToken));
        Assert.Empty(Orders(pool));
        var changed = pool.Changed;
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(pool.TakeSurplus());

        await changed.WaitAsync(TestContext.Current.CancellationToken);
        _ = Assert.Single(Orders(pool));
    }

    private static TemplateLease NewTemplate(string image)
    {
        var recipe = new TemplateRecipe
        {
            ImageDigest = image,
            ImagePath = "/image",
            Size = new MachineSize(1, 1024),
            Accelerator = AcceleratorKind.Tcg,
            KernelVersion = "6.1",
            KernelPath = "/kernel",
            InitramfsPath = "/initramfs",
            QemuVersion = "7.2",
            CpuModel = "some",
            TscKhz = 1,
        };
#pragma warning disable CA2000 // They stand for memory and state; there is nothing to close.
        var template = new Template(recipe, new SafeFileHandle(), new SafeFileHandle(), 1);
        return new TemplateLease(new TemplateEntry(() => Task.FromResult(template)), template);
#pragma warning restore CA2000
    }

    private static void Take(MachinePool pool, TemplateLease template, int diskGb, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Null(pool.TryTake(template, diskGb));
        }
    }

    private static List<PoolOrder> Orders(MachinePool pool)
    {
        var orders = new List<PoolOrder>();
        while (pool.NextOrder() is { } order)
        {
            orders.Add(order);
        }

        return orders;
    }

    private MachinePool NewPool(PoolOptions options)
    {
        var pool = new MachinePool(Options.Create(options), _time);
        pool.SetDefault(_default);
        return pool;
    }
}
