using Mags.Machines.Native;
using Mags.Machines.Qemu;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mags.Machines.Tests.Machines;

public sealed class LeftoverReclaimerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_LeftProcessesAndFiles_AreGone()
    {
        using var root = new TemporaryFolder();
        var home = root.AsHome();
        using var left = StartMarked(home, "11");
        Directory.CreateDirectory(Path.Combine(home.Machines, "11"));
        await File.WriteAllTextAsync(Path.Combine(home.Machines, "11", "disk.qcow2"), "x", Token);
        Directory.CreateDirectory(home.Blanks);
        await File.WriteAllTextAsync(HomeFolders.Temporary(home.Blanks), "x", Token);
        Directory.CreateDirectory(Path.Combine(home.Templates, "kept"));
        Directory.CreateDirectory(HomeFolders.Temporary(home.Templates));

        await ReclaimerOf(home).RunAsync(Token);

        await left.Exited.WaitAsync(Token);
        Assert.Empty(Directory.GetFileSystemEntries(home.Machines));
        Assert.Empty(Directory.GetFileSystemEntries(home.Blanks));
        Assert.Equal(["kept"], Directory.GetFileSystemEntries(home.Templates).Select(Path.GetFileName));
    }

    [Fact]
    public async Task RunAsync_MachineWithALivingOwner_Stays()
    {
        using var root = new TemporaryFolder();
        var home = root.AsHome();
        using var folder = new MachineFolder(home);
        using var running = StartMarked(home, folder.Id);

        await ReclaimerOf(home).RunAsync(Token);

        Assert.False(running.Exited.IsCompleted);
        Assert.True(Directory.Exists(folder.FullPath));
        running.Kill();
        await running.Exited.WaitAsync(Token);
    }

    [Fact]
    public async Task RunAsync_ProcessOfAnotherHome_Stays()
    {
        using var root = new TemporaryFolder();
        using var other = new TemporaryFolder();
        using var running = StartMarked(other.AsHome(), "11");

        await ReclaimerOf(root.AsHome()).RunAsync(Token);

        Assert.False(running.Exited.IsCompleted);
        running.Kill();
        await running.Exited.WaitAsync(Token);
    }

    [Fact]
    public async Task RunAsync_PasstWithoutItsMachine_IsGone()
    {
        using var root = new TemporaryFolder();
        var home = root.AsHome();
        // What counts is the name and the user. (It ends with nobody at the other end of its socket, so another stands in.)
        var program = root.File("passt");
        File.Copy("/bin/sleep", program);
        Allow(root, program);
        using var left = StartAs(new UidRange(home.Home).First, program);
        using var other = StartAs(new UidRange(home.Home).First + UidRange.Size, program);

        await ReclaimerOf(home).RunAsync(Token);

        _ = await left.Exited.WaitAsync(Token);
        Assert.False(other.Exited.IsCompleted);
        other.Kill();
        _ = await other.Exited.WaitAsync(Token);
    }

    private static void Allow(TemporaryFolder folder, string program)
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(folder.Path, mode);
        File.SetUnixFileMode(program, mode);
    }

    private static ChildProcess StartAs(uint user, string program) => ChildProcess.Start(
        "/usr/bin/setpriv", ["--reuid", $"{user}", "--clear-groups", program, "600"], new FdMap(), null, null);

    private static LeftoverReclaimer ReclaimerOf(HomeFolders home) =>
        new(home, TimeProvider.System, NullLogger<LeftoverReclaimer>.Instance);

    // Any program will do: what counts is the argument.
    private static ChildProcess StartMarked(HomeFolders home, string machineId) => ChildProcess.Start(
        "/bin/sh", ["-c", "kill -STOP $$; true", QemuCommandLine.MarkerArgument(home.Marker(machineId))], new FdMap(), null, null);
}
