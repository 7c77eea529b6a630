using System.Text.RegularExpressions;
using Mags.Machines.Disks;
using Mags.Machines.Images;
using Mags.Machines.Native;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;
using Mags.Machines.Walls;

namespace Mags.Machines.Tests.Walls;

/// <summary>Reads the walls off a real machine's QEMU, as its host's kernel has them.</summary>
[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed partial class HypervisorWallsTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task User_OfEachMachine_IsItsOwnAndUnprivileged()
    {
        await using var first = await machines.AcquireAsync(MachineFixture.Request, Token);
        await using var second = await machines.AcquireAsync(MachineFixture.Request, Token);

        var (one, two) = (new RunningProcess(first.Pid), new RunningProcess(second.Pid));
        var range = new UidRange((await machines.HomeAsync()).Home);
        Assert.NotEqual(one.Status("Uid"), two.Status("Uid"));
        foreach (var process in new[] { one, two })
        {
            var ids = process.Status("Uid").Split('\t').Distinct().ToList();
            Assert.Equal(ids, process.Status("Gid").Split('\t').Distinct());
            Assert.True(range.Contains(uint.Parse(Assert.Single(ids), System.Globalization.CultureInfo.InvariantCulture)));
            Assert.Equal("", process.Status("Groups"));
        }
    }

    [Fact]
    public async Task Machine_SignalledByAnothersUser_GoesOn()
    {
        await using var first = await machines.AcquireAsync(MachineFixture.Request, Token);
        await using var second = await machines.AcquireAsync(MachineFixture.Request, Token);
        var user = new RunningProcess(first.Pid).Status("Uid").Split('\t')[0];
        using var error = MemoryFile.Create("stderr", 0);

        // What code in the first one's QEMU could do at best, in the host's own view and without a filter.
        using var killer = ChildProcess.Start(
            await machines.JailAsync(),
            ["run", "--user", user, "--", "/usr/bin/kill", "-KILL", $"{second.Pid}"],
            new FdMap(),
            null,
            error);

        Assert.NotEqual(0, (await killer.Exited.WaitAsync(Token)).Code);
        Assert.Contains("Operation not permitted", Tool.LastLine(error), StringComparison.Ordinal);
        Assert.Equal((0, "on\n"), await MachineFixture.ShellAsync(second, "echo on", Token));
    }

    [Fact]
    public async Task Disk_OfAMachine_IsClosedToAnothersUser()
    {
        await using var first = await machines.AcquireAsync(MachineFixture.Request, Token);
        await using var second = await machines.AcquireAsync(MachineFixture.Request, Token);
        var user = new RunningProcess(first.Pid).Status("Uid").Split('\t')[0];
        var disk = OwnFiles((await machines.HomeAsync()).Machines, second)[0];
        Assert.True(File.Exists(disk));
        using var error = MemoryFile.Create("stderr", 0);

        using var reader = ChildProcess.Start(
            await machines.JailAsync(), ["run", "--user", user, "--", "/usr/bin/cat", disk], new FdMap(), null, error);

        Assert.NotEqual(0, (await reader.Exited.WaitAsync(Token)).Code);
        Assert.Contains("Permission denied", Tool.LastLine(error), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CapInh")]
    [InlineData("CapPrm")]
    [InlineData("CapEff")]
    [InlineData("CapBnd")]
    [InlineData("CapAmb")]
    public async Task Capabilities_OfAMachine_AreNone(string set)
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.Equal(new string('0', 16), new RunningProcess(machine.Pid).Status(set));
    }

    [Fact]
    public async Task Privileges_OfAMachine_CanNotGrow()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.Equal("1", new RunningProcess(machine.Pid).Status("NoNewPrivs"));
    }

    [Fact]
    public async Task SystemCalls_OfAMachine_AreFilteredInEveryThread()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var threads = Directory.GetDirectories(
            Path.Combine("/proc", $"{machine.Pid}", "task"));
        Assert.NotEmpty(threads);
        Assert.All(threads, thread => Assert.Contains(
            "Seccomp:\t2", File.ReadAllLines(Path.Combine(thread, "status"))));
        Assert.Contains(
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            (await File.ReadAllTextAsync($"/proc/{machine.Pid}/cmdline", Token)).Split('\0'));
    }

    [Fact]
    public async Task Files_InAMachinesView_AreWhatQemuNeedsAndReadOnly()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var process = new RunningProcess(machine.Pid);
        var mounts = process.Mounts().ToList();
        Assert.All(mounts, mount => Assert.Contains("ro", mount.Options));
        Assert.All(mounts, mount => Assert.Contains("nosuid", mount.Options));
        Assert.All(mounts, mount => Assert.Matches(
            @"^/(proc|dev/(null|zero|urandom|kvm)|etc/ld\.so\.cache|usr/share/qemu|usr/bin/qemu-system-x86_64"
            + @"|usr/lib/[^/]+/qemu/accel-[^/]+|(usr/)?lib(64)?/([^/]+/)?(lib|ld-)[^/]+\.so(\.[^/]+)?)?$",
            mount.Path));
        Assert.Equal(
            ["dev", "etc", "lib", "lib64", "proc", "usr"],
            Directory.GetFileSystemEntries(process.InView("/")).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/root")]
    [InlineData("/home")]
    [InlineData("/tmp")]
    [InlineData("/bin/sh")]
    [InlineData("/usr/bin/env")]
    [InlineData("/sys")]
    [InlineData("/proc/sys")]
    [InlineData("/run")]
    public async Task Files_OfTheHost_AreNotInAMachinesView(string path)
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.False(Path.Exists(new RunningProcess(machine.Pid).InView(path)));
    }

    [Fact]
    public async Task Files_OfTheHome_AreNotInAMachinesView()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.False(Path.Exists(new RunningProcess(machine.Pid).InView((await machines.HomeAsync()).Home)));
    }

    [Fact]
    public async Task OpenFiles_OfAMachine_IncludeNoFolderAndNoNamespace()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var open = new RunningProcess(machine.Pid).OpenFiles().ToList();
        Assert.NotEmpty(open);
        Assert.DoesNotContain(open, file => Directory.Exists(file.Handle));
        Assert.DoesNotContain(open, file => RunningProcess.IsNamespace(file.Target));
        // What has no path is the process's own.
        string[] allowed =
        [
            "/dev/null", "/dev/urandom", "/dev/kvm", "/memfd:memory (deleted)",
            .. await SharedFilesAsync(), .. OwnFiles((await machines.HomeAsync()).Machines, machine),
        ];
        Assert.Subset(
            allowed.ToHashSet(),
            open.Select(file => file.Target).Where(target => !OwnKind().IsMatch(target)).ToHashSet());
    }

    [Fact]
    public async Task OpenFiles_ThatMachinesShare_AreOpenForReadingAlone()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var shared = await SharedFilesAsync();
        var process = new RunningProcess(machine.Pid);
        var open = process.OpenFiles().Where(file => shared.Contains(file.Target)).ToList();
        Assert.Equal(shared.Order(), open.Select(file => file.Target).Distinct().Order());
        Assert.All(open, file => Assert.True(process.IsForReadingAlone(file.Handle), file.Target));
    }

    [Fact]
    public async Task Network_OfAMachine_HasNoInterfaceButItsLoopback()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var process = new RunningProcess(machine.Pid);
        var interfaces = process.Lines("net/dev").Skip(2).Select(line => line.Split(':')[0].Trim());
        Assert.Equal(["lo"], interfaces);
        Assert.Empty(process.Lines("net/route").Skip(1));
        // A loopback that is up has both of its addresses.
        Assert.Empty(process.Lines("net/if_inet6"));
        Assert.DoesNotContain(
            process.Lines("net/fib_trie"), line => line.Contains("127.0.0.1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mnt")]
    [InlineData("net")]
    [InlineData("ipc")]
    [InlineData("uts")]
    public async Task Namespace_OfAMachine_IsNotTheHosts(string kind)
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.NotEqual(
            new RunningProcess(Environment.ProcessId).Namespace(kind), new RunningProcess(machine.Pid).Namespace(kind));
    }

    [Theory]
    [InlineData("Max core file size", "1")]
    [InlineData("Max open files", "1024")]
    [InlineData("Max locked memory", "65536")]
    [InlineData("Max msgqueue size", "0")]
    [InlineData("Max processes", "256")]
    public async Task Limit_OfAMachine_IsLow(string name, string most)
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.Equal((most, most), new RunningProcess(machine.Pid).Limit(name));
    }

    [Fact]
    public async Task Limit_OfFilesAMachineWrites_IsTheLargestDisks()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        Assert.Equal(($"{66L << 30}", $"{66L << 30}"), new RunningProcess(machine.Pid).Limit("Max file size"));
    }

    [Fact]
    public async Task Walls_OfThisHost_StandButTheProcessorsOne()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var walls = (await machines.GetAsync<IMachineHost>()).Status.Walls;
        Assert.Equal(
            [WallNames.Hardware],
            walls.Where(wall => !wall.Stands).Select(wall => wall.Name));
        Assert.Contains("hardware accelerator only", walls[0].Detail, StringComparison.Ordinal);
    }

    // The machine's image and the blank that its disk lies on.
    private async Task<string[]> SharedFilesAsync() =>
    [
        (await machines.GetAsync<ImageCatalog>()).Find(MachineFixture.Request.Image)!.Path,
        (await (await machines.GetAsync<BlankDisks>()).EnsureAsync(MachineFixture.Request.DiskGb, Token)).Path,
    ];

    private static string[] OwnFiles(string folder, MicroVm machine) =>
        [Path.Combine(folder, machine.Id, "disk.qcow2"), Path.Combine(folder, machine.Id, "qemu.log")];

    [GeneratedRegex("^(socket|pipe|anon_inode):")]
    private static partial Regex OwnKind();
}
