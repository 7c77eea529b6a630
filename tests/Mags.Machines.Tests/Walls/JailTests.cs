using System.Text;
using Mags.Machines.Native;
using Mags.Machines.Tests.Fakes;
using Mags.Machines.Tests.Machines;
using Mags.Machines.Walls;
using Microsoft.Win32.SafeHandles;

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

    [Theory]
    [InlineData("--cgroup", "3", "entering a cgroup: No space left on device (errno 28)")]
    [InlineData("--join", "3", "setns: Invalid argument (errno 22)")]
    [InlineData("--join", "77", "setns: Bad file descriptor (errno 9)")]
    [InlineData("--processes", "many", "many is not a number")]
    [InlineData("--user", "nobody", "nobody is not a number")]
    [InlineData("--user", "0", "--user 0 is root")]
    [InlineData("--user", "4294967295", "--user 4294967295 is larger than 4294967294")]
    [InlineData("--user", "4294967296", "--user 4294967296 is larger than 4294967294")]
    [InlineData("--cgroup", "4294967297", "--cgroup 4294967297 is larger than 2147483647")]
    [InlineData("--walls", "1", "--walls is no option of run")]
    public async Task Run_WallThatCanNotBePutUp_StartsNothingAndSaysWhich(string option, string value, string error)
    {
        using var noWall = File.OpenHandle("/dev/full", access: FileAccess.ReadWrite);
        var files = new FdMap();
        _ = files.Add(noWall);

        Assert.Equal(
            (126, "", "mags-jail: " + error),
            await RunAsync([option, value, "--", "/bin/echo", "out"], files));
    }

    // QEMU's own filter sets it as well; this is what stands before QEMU runs, and for passt.
    [Fact]
    public async Task Run_Program_CanGainNoPrivilege() => Assert.Equal(
        (0, "NoNewPrivs:\t1", "it said nothing"),
        await RunAsync(["--user", "2147418112", "--", "/bin/grep", "NoNewPrivs", "/proc/self/status"], new FdMap()));

    [Fact]
    public async Task Run_UserThatCanNotBecomeAnother_StartsNothingAndSaysSo()
    {
        // By its handle: a user without rights need not be able to enter the folders above it.
        using var jail = File.OpenHandle(await machines.JailAsync());
        var files = new FdMap();
        var again = $"/proc/self/fd/{files.Add(jail)}";

        Assert.Equal(
            (126, "", "mags-jail: prctl PR_CAPBSET_DROP: Operation not permitted (errno 1)"),
            await RunAsync(
                ["--user", "2147418112", "--", again, "run", "--user", "2147418113", "--", "/bin/echo", "out"], files));
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
    public async Task View_Made_ShowsNoProcessButOnesOwn()
    {
        using var home = new TemporaryFolder();
        var contents = await JailContents.FindAsync("/usr/bin/ls", Token);
        using var view = await JailNamespaces.MakeAsync(await machines.JailAsync(), home, contents, JailNamespaces.All, Token);

        var seen = (await ListAsync(view, "/proc")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Single(seen, name => name.All(char.IsAsciiDigit));
    }

    [Fact]
    public async Task View_Made_IsKeptByOpenHandlesAloneThatNoChildInherits()
    {
        using var home = new TemporaryFolder();
        var contents = await JailContents.FindAsync("/usr/bin/ls", Token);
        using var view = await JailNamespaces.MakeAsync(await machines.JailAsync(), home, contents, JailNamespaces.All, Token);

        Assert.All(view.Handles, AssertIsAloneAndCloses);
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

    private static void AssertIsAloneAndCloses(SafeFileHandle space)
    {
        const int CloseOnExec = 0x80000;
        var handle = space.DangerousGetHandle();
        var name = new FileInfo($"/proc/self/fd/{handle}").LinkTarget!;
        var flags = File.ReadLines($"/proc/self/fdinfo/{handle}").First(line => line.StartsWith("flags:", StringComparison.Ordinal));
        Assert.NotEqual(0, Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & CloseOnExec);
        Assert.DoesNotContain(name, RunningProcess.All().Select(process => process.Namespace(name.Split(':')[0])));
        // A namespace that a mount keeps is in the mount table.
        Assert.DoesNotContain(File.ReadLines("/proc/self/mountinfo"), mount => mount.Contains(name, StringComparison.Ordinal));
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments, FdMap files)
    {
        using var output = MemoryFile.Create("stdout", 0);
        using var error = MemoryFile.Create("stderr", 0);
        using var child = ChildProcess.Start(await machines.JailAsync(), ["run", .. arguments], files, output, error);
        var exit = await child.Exited.WaitAsync(Token);
        return (exit.Code, RandomAccess.GetLength(output) == 0 ? "" : Tool.LastLine(output), Tool.LastLine(error));
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
