using System.Diagnostics.CodeAnalysis;

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>The checkout under test and the prepared home whose kernel, images and templates the servers start from.</summary>
internal static class Installation
{
    public static string Root { get; } = FindRoot();

    /// <summary>The command of the README.</summary>
    public static string Mags { get; } = Path.Combine(Root, "mags");

    /// <summary>Prepared once by <c>./test</c>, so that not every server builds its images anew.</summary>
    public static string SeedHome { get; } = BindSeedHome();

    /// <summary>The Alpine root for tests, or null where it is not at hand.</summary>
    public static string? AlpineRoot { get; } = FindAlpineRoot();

    /// <summary>Skips a test whose image nothing can be made of here.</summary>
    public static void SkipWhenAbsent(string image) => Assert.SkipWhen(
        image == "alpine" && AlpineRoot is null, "The Alpine test root is not beside this checkout.");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Mags.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Mags.slnx is in no folder above the tests.");
    }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where these tests bind their environment.")]
    private static string BindSeedHome() =>
        Environment.GetEnvironmentVariable("MAGS_TEST_HOME") is { Length: > 0 } home
            ? home
            : Path.Combine(Root, "artifacts", "test-home");

    private static string? FindAlpineRoot()
    {
        var data = Path.Combine(Root, "..", "shared", "data");
        return Directory.Exists(data)
            ? Directory.EnumerateFiles(data, "alpine-minirootfs-*.tar.gz").FirstOrDefault()
            : null;
    }
}
