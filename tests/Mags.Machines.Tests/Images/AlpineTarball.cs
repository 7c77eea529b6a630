namespace Mags.Machines.Tests.Images;

/// <summary>
/// A real Alpine root file system for tests: the file that <c>MAGS_TEST_ALPINE</c> names, or one in the folder
/// <c>shared/data</c> beside the repository.
/// </summary>
internal static class AlpineTarball
{
    public const string Missing = "There is no Alpine mini root file system; MAGS_TEST_ALPINE can name one.";

    public static string? Find()
    {
#pragma warning disable RS0030 // Tests have no options to bind this in.
        var named = Environment.GetEnvironmentVariable("MAGS_TEST_ALPINE");
#pragma warning restore RS0030
        if (named is not null)
        {
            return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var data = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(data))
            {
                return Directory.EnumerateFiles(data, "alpine-minirootfs-*-x86_64.tar.gz").FirstOrDefault();
            }
        }

        return null;
    }
}
