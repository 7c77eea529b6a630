using Mags.Machines.Acceleration;
using Mags.Machines.Images;
using Mags.Machines.Native;
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
    public async Task RemoveOutdatedTemplates_ImageOfAnEarlierBuild_IsKeptAsLongAsItsFileIsThere()
    {
        var platform = await machines.GetAsync<MachinePlatform>();
        var catalog = await machines.GetAsync<ImageCatalog>();
        var digest = $"sha256:{new string('e', 64)}";
        var template = await SeedTemplateAsync(digest);
        try
        {
            Assert.True(await catalog.AddAsync(digest, (_, _) => Task.FromResult(true), Token));
            platform.RemoveOutdatedTemplates(catalog);
            Assert.True(Directory.Exists(template));
        }
        finally
        {
            File.Delete(catalog.Find("debian", digest)!.Path);
        }

        platform.RemoveOutdatedTemplates(catalog);
        Assert.False(Directory.Exists(template));
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

    /// <summary>A template as if it had been booted from the image of that digest; it is only looked at.</summary>
    private async Task<string> SeedTemplateAsync(string digest)
    {
        using var lease = await machines.TemplateAsync(Token);
        var recipe = lease.Template.Recipe with { ImageDigest = digest };
        var folders = await machines.HomeAsync();
        var making = Directory.CreateDirectory(HomeFolders.Temporary(folders.Templates)).FullName;
        using var memory = MemoryFile.Create("memory", 1 << 20);
        var folder = Path.Combine(folders.Templates, recipe.Key);
        TemplateFolder.Complete(
            making, folder, memory, new TemplateMeta(digest, recipe.Size.Vcpus, recipe.Size.MemoryMib, 1, 1));
        return folder;
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
