using Mags.Machines.Acceleration;
using Mags.Machines.Disks;
using Mags.Machines.Qemu;
using Mags.Machines.Tests.Fakes;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Tests.Qemu;

public sealed class QemuCommandLineTests : IDisposable
{
    private const string BeforeFiles =
        """
        -name guest=mags:/home/a,,b:1
        -M microvm,x-option-roms=off,rtc=on,acpi=on,memory-backend=ram
        -accel tcg,thread=multi,tb-size=256 -cpu max
        -smp 2 -m 512
        """;

    private const string AfterMemory =
        """
        -nodefaults -no-user-config -display none
        -chardev socket,id=qmp,fd=4,server=on,wait=off
        -mon chardev=qmp,mode=control
        -device virtio-serial-device
        -chardev socket,id=ch1,fd=5,server=on,wait=off
        -device virtserialport,chardev=ch1,name=agent
        -add-fd fd=6,set=1
        -blockdev driver=file,node-name=f0,filename=/dev/fdset/1,read-only=on,locking=off
        -blockdev driver=raw,node-name=d0,file=f0,read-only=on
        -device virtio-blk-device,drive=d0,id=vd0
        """;

    private const string Throttle =
        """
        -object {"qom-type":"throttle-group","id":"t1","limits":{}}
        -blockdev driver=throttle,node-name=d1,throttle-group=t1,file=q1,discard=unmap
        """;

    private const string Ending =
        "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

    private readonly SafeFileHandle _file = File.OpenHandle("/dev/null");

    private QemuSetup Setup => new()
    {
        Marker = "mags:/home/a,b:1",
        Accelerator = AcceleratorKind.Tcg,
        Size = new MachineSize(2, 512),
        Memory = _file,
        Image = _file,
    };

    public void Dispose() => _file.Dispose();

    // When this changes in machine, processor or devices, QemuCommandLine.Revision has to rise.
    [Fact]
    public void Arguments_Boot_AreTheseDevicesInThisOrder() =>
        AssertLine(
            $"""
            {BeforeFiles}
            -object memory-backend-file,id=ram,size=512M,mem-path=/proc/self/fd/3,share=on
            {AfterMemory}
            -blockdev driver=null-co,node-name=q1,size=2147483648,read-zeroes=on
            {Throttle}
            -device virtio-blk-device,drive=d1,id=vd1
            -object rng-random,id=rng0,filename=/dev/urandom -device virtio-rng-device,rng=rng0
            -device virtio-net-device,mac=52:54:00:6d:61:67
            -add-fd fd=7,set=2 -chardev file,id=s0,path=/dev/fdset/2 -serial chardev:s0
            -kernel /proc/self/fd/8 -initrd /proc/self/fd/9 -append quiet -no-reboot
            {Ending}
            """,
            Setup with { Boot = new BootFiles(_file, _file, "quiet", _file) });

    [Fact]
    public async Task Arguments_Restore_AreTheSameDevicesWithADisk()
    {
        using var folder = new TemporaryFolder();
        var blank = await new BlankDisks(folder.AsHome()).EnsureAsync(2, TestContext.Current.CancellationToken);
        using var disk = WritableDisk.Empty(blank, folder.File("disk"));

        AssertLine(
            $$"""
            {{BeforeFiles}}
            -object memory-backend-file,id=ram,size=512M,mem-path=/proc/self/fd/3,share=off
            {{AfterMemory}}
            -add-fd fd=7,set=3 -add-fd fd=8,set=4
            -blockdev driver=file,node-name=b0,filename=/dev/fdset/3,read-only=on,locking=off
            -blockdev {"driver":"qcow2","node-name":"b1","file":"b0","read-only":true,"backing":null}
            -blockdev driver=file,node-name=w0,filename=/dev/fdset/4,discard=unmap,cache.no-flush=on
            -blockdev driver=qcow2,node-name=q1,file=w0,backing=b1,discard=unmap,detect-zeroes=unmap,l2-cache-entry-size=4096,cache.no-flush=on
            {{Throttle}}
            -device virtio-blk-device,drive=d1,id=vd1
            -object rng-random,id=rng0,filename=/dev/urandom -device virtio-rng-device,rng=rng0
            -netdev stream,id=n0,server=off,addr.type=fd,addr.str=9 -device virtio-net-device,mac=52:54:00:6d:61:67,netdev=n0
            -chardev ringbuf,id=s0,size=4096 -serial chardev:s0
            -action reboot=shutdown,shutdown=pause -incoming defer -S
            {{Ending}}
            """,
            Setup with { Disk = disk, Network = _file });
    }

    [Fact]
    public void Arguments_Kvm_MaskNestedVirtualisation()
    {
        var line = new QemuCommandLine(Setup with { Accelerator = AcceleratorKind.Kvm }, _file, _file);

        var accelerator = line.Arguments.SkipWhile(argument => argument != "-accel").Take(4);
        Assert.Equal(["-accel", "kvm", "-cpu", "host,-svm,-vmx"], accelerator);
    }

    private void AssertLine(string expected, QemuSetup setup) =>
        Assert.Equal(
            expected.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
            new QemuCommandLine(setup, _file, _file).Arguments);
}
