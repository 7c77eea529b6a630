using Mags.Machines.Acceleration;
using Mags.Machines.Images;
using Mags.Machines.Templates;

namespace Mags.Machines.Tests.Machines;

[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class PlatformTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetTemplateAsync_ManyAtOnce_WaitForOneAndSurviveAnImpatientOne()
    {
        var platform = await machines.GetAsync<MachinePlatform>();
        var image = (await machines.GetAsync<ImageCatalog>()).Find("debian");
        Assert.NotNull(image);
        var size = new MachineSize(1, 256);
        using var impatient = new CancellationTokenSource();

        var first = platform.GetTemplateAsync(image, size, impatient.Token);
        var others = Enumerable.Range(0, 3).Select(_ => platform.GetTemplateAsync(image, size, Token)).ToList();
        await impatient.CancelAsync();

        var made = await Task.WhenAll(others);
        Assert.All(made, lease => Assert.Same(made[0].Template, lease.Template));
        await first.ContinueWith(_ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.True(first.IsCanceled || first.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task AcquireAsync_MoreThanCoresAtOnce_AllComeUp()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, (2 * Environment.ProcessorCount) + 1).Select(async i =>
        {
            await using var machine = await machines.AcquireAsync(
                MachineFixture.Request with { HostName = $"many-{i}" }, Token);
            return (await MachineFixture.ShellAsync(machine, "hostname", Token)).Output.Trim();
        }));

        Assert.Equal(Enumerable.Range(0, made.Length).Select(i => $"many-{i}"), made);
    }

    // What the trial of KVM asks for can be asked of TCG too, which every host has.
    [Fact]
    public async Task RunAsync_TrialOfAWorkingAccelerator_Passes()
    {
        var trial = await machines.GetAsync<KvmTrial>();

        Assert.Null(await trial.RunAsync(await RecipeAsync(), TimeSpan.FromMinutes(2), Token));
    }

    [Fact]
    public async Task RunAsync_TrialThatTakesTooLong_EndsAtItsDeadlineAndLeavesNothing()
    {
        var trial = await machines.GetAsync<KvmTrial>();
        var started = TimeProvider.System.GetTimestamp();

        var failure = await trial.RunAsync(await RecipeAsync(), TimeSpan.FromMilliseconds(500), Token);

        Assert.StartsWith("The guest's boot did not finish within ", failure, StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.4, 10);
    }

    private async Task<TemplateRecipe> RecipeAsync()
    {
        var platform = await machines.GetAsync<MachinePlatform>();
        var image = (await machines.GetAsync<ImageCatalog>()).Find("debian");
        Assert.NotNull(image);
        using var lease = await platform.GetTemplateAsync(image, MachineFixture.Request.Size, Token);
        // Another key, so that the trial makes a template of its own.
        return lease.Template.Recipe with { CpuModel = "trial" };
    }
}
