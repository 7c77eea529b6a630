using System.Text;
using Mags.Machines.Native;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;
using Mags.Machines.Walls;

namespace Mags.Machines.Tests.Walls;

public sealed class JailTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ProgramThatIsMissing_SaysSoAndEndsWith126()
    {
        using var error = MemoryFile.Create("stderr", 0);
        using var child = ChildProcess.Start(
            await machines.JailAsync(), ["run", "--", "/no/such"], new FdMap(), null, error);

        var exit = await child.Exited.WaitAsync(Token);

        Assert.Equal(new ProcessExit(126, 0), exit);
        Assert.Equal("mags-jail: executing /no/such: No such file or directory (errno 2)", Tool.LastLine(error));
    }

    [Fact]
    public async Task Run_ClosedCgroup_StartsNothing()
    {
        using var output = MemoryFile.Create("stdout", 0);
        using var child = ChildProcess.Start(
            await machines.JailAsync(), ["run", "--cgroup", "77", "--", "/bin/echo", "out"], new FdMap(), output, null);

        Assert.Equal(126, (await child.Exited.WaitAsync(Token)).Code);
        Assert.Equal(0, RandomAccess.GetLength(output));
    }

    [Fact]
    public async Task View_Made_ShowsWhatIsNamedAndNothingElse()
    {
        using var home = new TemporaryFolder();
        var contents = await JailContents.FindAsync("/usr/bin/ls", Token);
        using var view = await JailNamespaces.MakeAsync(await machines.JailAsync(), home, contents, JailNamespaces.All, Token);

        var seen = await ListAsync(view, "/", "/dev");

        Assert.Equal("/:\ndev\netc\nlib\nlib64\nproc\nusr\n\n/dev:\nnull\nurandom\nzero\n", WithoutKvm(seen));
        Assert.Empty(Directory.GetFileSystemEntries(home));
    }

    [Fact]
    public async Task View_OfAFileThatIsMissing_IsAnErrorThatNamesIt()
    {
        using var home = new TemporaryFolder();
        var contents = new JailContents(["/no/such"], []);

        var error = await Assert.ThrowsAsync<MachineException>(
            async () => await JailNamespaces.MakeAsync(await machines.JailAsync(), home, contents, JailNamespaces.All, Token));

        Assert.Contains("mags-jail: mounting ", error.Message, StringComparison.Ordinal);
        Assert.Contains("/no/such: No such file or directory", error.Message, StringComparison.Ordinal);
    }

    private async Task<string> ListAsync(JailNamespaces view, params string[] folders)
    {
        using var output = MemoryFile.Create("stdout", 0);
        var confinement = new Confinement
        {
            Launcher = await machines.JailAsync(),
            Namespaces = view.Handles,
            User = 0x7fff_0000,
            Processes = 4,
        };
        var files = new FdMap();
        var arguments = confinement.Wrap("/usr/bin/ls", folders, files);
        using var child = ChildProcess.Start(confinement.Launcher, arguments, files, output, null);
        _ = await child.Exited.WaitAsync(Token);
        var bytes = new byte[RandomAccess.GetLength(output)];
        RandomAccess.Read(output, bytes, 0);
        return Encoding.UTF8.GetString(bytes);
    }

    private static string WithoutKvm(string seen) => seen.Replace("kvm\n", "", StringComparison.Ordinal);
}
