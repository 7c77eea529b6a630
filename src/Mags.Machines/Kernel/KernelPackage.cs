using System.Text.RegularExpressions;
using Mags.Machines.Tools;

namespace Mags.Machines.Kernel;

/// <summary>Downloads the kernel package that Debian's meta package names, with the host's apt and its settings.</summary>
internal sealed partial class KernelPackage(string work, string metaPackage)
{
    // Inside a private folder, so that no root is needed and the host's own lists stay as they are.
    private readonly string[] _privateLists =
        ["-o", $"Dir::State={work}/state", "-o", $"Dir::State::status=/var/lib/dpkg/status", "-o", $"Dir::Cache={work}/cache"];

    /// <summary>Version in a package's file name, <c>NAME_VERSION_ARCH.deb</c> as apt writes it.</summary>
    public static string VersionOf(string package) => Path.GetFileName(package).Split('_')[1].Replace("%3a", ":", StringComparison.Ordinal);

    /// <summary>Path of the downloaded package. Lists that are missing or out of date are fetched once, apart.</summary>
    public async Task<string> DownloadAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        try
        {
            return await DownloadAsync([], progress, cancellationToken);
        }
        catch (MachineException)
        {
            progress.Report("fetching apt's package lists");
            await UpdateListsAsync(cancellationToken);
        }

        return await DownloadAsync(_privateLists, progress, cancellationToken);
    }

    private async Task<string> DownloadAsync(
        string[] aptOptions, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var shown = await new HostTool("apt-cache", [.. aptOptions, "show", "--no-all-versions", metaPackage])
            .RunAsync(cancellationToken);
        var dependency = VersionedDependency().Match(shown);
        if (!dependency.Success)
        {
            throw new MachineException(
                MachineFault.Setup, $"apt knows no kernel for {metaPackage}. Is this Debian, with its main archive in the sources?");
        }

        var name = dependency.Groups["name"].Value;
        progress.Report($"downloading {name}");
        // Root downloads as itself: the user _apt cannot write into the private folder of the home.
        await new HostTool(
            "apt-get",
            [.. aptOptions, "-o", "APT::Sandbox::User=root", "-q", "download", $"{name}={dependency.Groups["version"].Value}"])
        { WorkingDirectory = work }.RunAsync(cancellationToken);
        return Directory.GetFiles(work, "*.deb").Single();
    }

    private async Task UpdateListsAsync(CancellationToken cancellationToken)
    {
        foreach (var folder in (string[])["state/lists/partial", "cache/archives/partial"])
        {
            Directory.CreateDirectory(Path.Combine(work, folder));
        }

        try
        {
            await new HostTool("apt-get", [.. _privateLists, "-o", "APT::Sandbox::User=root", "-q", "update"])
                .RunAsync(cancellationToken);
        }
        catch (MachineException)
        {
            // One broken source among many fails the whole command; whether the kernel can be had shows next.
        }
    }

    [GeneratedRegex(@"^(Pre-)?Depends:.*?(?<name>linux-image-[0-9][^ ,]*) \(= (?<version>[^)]+)\)", RegexOptions.Multiline)]
    private static partial Regex VersionedDependency();
}
