using Mags.Machines.Native;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Native;

public sealed class ChildProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exited_ProgramEnds_HasItsCode()
    {
        using var child = ChildProcess.Start("/bin/sh", ["-c", "exit 7"], new FdMap(), null, null);

        Assert.Equal(new ProcessExit(7, 0), await child.Exited.WaitAsync(Token));
    }

    [Fact]
    public async Task Kill_RunningProgram_EndsItBySignal()
    {
        using var child = ChildProcess.Start("/bin/sleep", ["1000"], new FdMap(), null, null);

        child.Kill();

        Assert.Equal(new ProcessExit(0, 9), await child.Exited.WaitAsync(Token));
    }

    [Fact]
    public void Start_MissingProgram_NamesIt()
    {
        var error = Assert.Throws<IOException>(
            () => ChildProcess.Start("/nowhere/program", [], new FdMap(), null, null));

        Assert.Equal("posix_spawn /nowhere/program: No such file or directory", error.Message);
    }

    [Fact]
    public async Task Start_WithFiles_ChildHasExactlyThoseFromThreeOn()
    {
        using var folder = new TemporaryFolder();
        using var output = File.OpenHandle(folder.File("out"), FileMode.CreateNew, FileAccess.Write);
        using var first = File.OpenHandle("/dev/zero");
        using var second = File.OpenHandle("/dev/full");
        var files = new FdMap();

        var numbers = (files.Add(second), files.Add(first));
        using var child = ChildProcess.Start(
            "/usr/bin/readlink", [.. Enumerable.Range(0, 64).Select(fd => $"/proc/self/fd/{fd}")], files, output, null);
        await child.Exited.WaitAsync(Token);

        Assert.Equal((3, 4), numbers);
        string[] expected = ["/dev/null", folder.File("out"), "/dev/null", "/dev/full", "/dev/zero"];
        Assert.Equal(expected, await File.ReadAllLinesAsync(folder.File("out"), Token));
    }

    [Fact]
    public async Task Start_Always_GivesACleanEnvironmentAndDefaultSignals()
    {
        using var folder = new TemporaryFolder();
        using var output = File.OpenHandle(folder.File("out"), FileMode.CreateNew, FileAccess.Write);

        using var child = ChildProcess.Start(
            "/bin/sh", ["-c", "tr '\\0' '\\n' < /proc/$$/environ; grep SigIgn /proc/$$/status"], new FdMap(), output, null);
        await child.Exited.WaitAsync(Token);

        string[] expected =
            ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/", "SigIgn:\t0000000000000000"];
        Assert.Equal(expected, await File.ReadAllLinesAsync(folder.File("out"), Token));
    }
}
