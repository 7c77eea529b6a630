using System.Security.Cryptography;
using System.Text;
using Mags.Machines.Tools;

namespace Mags.Machines.Images;

/// <summary>
/// A folder whose program <c>build</c> writes a root file system as a tar archive to its standard output. Lines on its
/// standard error that begin with <c>==></c> are progress.
/// </summary>
internal sealed class ImageRecipe(string folder)
{
    private const string ProgressMark = "==> ";

    /// <summary>
    /// Runs as the first process of a process namespace of its own and holds the caller's pipe as standard input. When
    /// the build ends, or the caller does (the pipe then closes), this shell ends, and the kernel ends all it left.
    /// Its mount namespace goes with it: no mount is ever left on the host.
    /// </summary>
    private const string Keeper = """
        exec 3<&0 </dev/null
        "$@" 3<&- &
        build=$!
        { read -r _ <&3; kill -KILL "$build"; } 2>/dev/null &
        wait "$build"
        exit $?
        """;

    /// <summary>Whether there is such a recipe.</summary>
    public bool Exists => File.Exists(Program);

    private string Program => Path.Combine(folder, "build");

    /// <summary>Digest of all files of the recipe.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories);
        foreach (var path in files.Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, path) + "\0"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(path)));
        }

        return $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    /// <summary>Runs the recipe; <paramref name="tar"/> reads what it makes.</summary>
    public async Task RunAsync(
        string work,
        Func<Stream, CancellationToken, Task> tar,
        IProgress<string> progress,
        CancellationToken cancellationToken)
    {
        await using var log = new StreamWriter(Path.Combine(work, "build.log")) { AutoFlush = true };
        var temporary = Directory.CreateDirectory(Path.Combine(work, "tmp")).FullName;
        string[] identity = Environment.IsPrivilegedProcess ? [] : ["--map-root-user", "--map-auto"];
        var tool = new HostTool(
            "unshare",
            [.. identity, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", Keeper, "sh", Program])
        {
            Name = $"The build of the image {Path.GetFileName(folder)}",
            WorkingDirectory = folder,
            Environment = new Dictionary<string, string> { ["TMPDIR"] = temporary },
            OnErrorLine = line =>
            {
                log.WriteLine(line);
                if (line.StartsWith(ProgressMark, StringComparison.Ordinal))
                {
                    progress.Report(line[ProgressMark.Length..]);
                }
            },
        };
        await tool.RunAsync(tar, input: null, cancellationToken);
    }
}
