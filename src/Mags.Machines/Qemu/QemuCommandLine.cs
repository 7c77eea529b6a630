using System.Globalization;
using Mags.Machines.Acceleration;
using Mags.Machines.Disks;
using Mags.Machines.Native;
using Mags.Machines.Network;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Qemu;

/// <summary>
/// QEMU's command line, for a template's boot and for the restore of a clone. Both must have the same devices in the same
/// order, or the saved state does not load. Everything comes as an open file, so QEMU needs no right to any path.
/// </summary>
internal sealed class QemuCommandLine
{
    /// <summary>
    /// Part of every template's key. Raise it with any change of machine, processor or devices below, so that templates
    /// saved before it are not loaded.
    /// </summary>
    internal const int Revision = 2;

    /// <summary>Block node of the writable disk, which limits its speed. What is below can be another one each time.</summary>
    internal const string DiskNode = "d1";

    /// <summary>Object that has the limits of the writable disk.</summary>
    internal const string DiskThrottleId = "t1";

    /// <summary>QEMU's own filter, with all that can be denied; a QEMU that cannot have it does not start.</summary>
    internal const string SystemCallFilter = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

    /// <summary>Block node of the writable disk's layers, below <see cref="DiskNode"/>.</summary>
    internal const string LayersNode = "q1";

    /// <summary>Id of the console's ring buffer in a clone.</summary>
    internal const string Console = "s0";

    /// <summary>Beginning of the argument that carries <see cref="QemuSetup.Marker"/>.</summary>
    internal const string MarkerPrefix = "guest=";

    private readonly List<string> _arguments = [];

    /// <summary>Composes the command line; the two sockets are listening ones.</summary>
    internal QemuCommandLine(QemuSetup setup, SafeFileHandle monitor, SafeFileHandle agent)
    {
        AddMachine(setup);
        AddChannels(monitor, agent);
        AddDisks(setup);
        Add("-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-device,rng=rng0");
        AddNetwork(setup.Network);
        if (setup.Boot is { } boot)
        {
            AddBoot(boot);
        }
        else
        {
            AddRestore();
        }

        Add("-sandbox", SystemCallFilter);
    }

    internal IReadOnlyList<string> Arguments => _arguments;

    internal FdMap Files { get; } = new();

    /// <summary>The marker as it stands in the command line: QEMU wants commas doubled.</summary>
    internal static string MarkerArgument(string marker) =>
        MarkerPrefix + marker.Replace(",", ",,", StringComparison.Ordinal);

    private void AddMachine(QemuSetup setup)
    {
        var memory = Number(setup.Size.MemoryMib);
        var share = setup.Boot is null ? "off" : "on";
        Add("-name", MarkerArgument(setup.Marker));
        Add("-M", "microvm,x-option-roms=off,rtc=on,acpi=on,memory-backend=ram");
        if (setup.Accelerator == AcceleratorKind.Kvm)
        {
            // Nested virtualisation is masked: it widens what a guest can attack.
            Add("-accel", "kvm", "-cpu", "host,-svm,-vmx");
        }
        else
        {
            Add("-accel", $"tcg,thread=multi,tb-size={Number(setup.TranslationMib)}", "-cpu", "max");
        }

        Add("-smp", Number(setup.Size.Vcpus), "-m", memory);
        Add("-object",
            $"memory-backend-file,id=ram,size={memory}M,mem-path=/proc/self/fd/{Files.Add(setup.Memory)},share={share}");
        Add("-nodefaults", "-no-user-config", "-display", "none");
    }

    private void AddChannels(SafeFileHandle monitor, SafeFileHandle agent)
    {
        Add("-chardev", $"socket,id=qmp,fd={Files.Add(monitor)},server=on,wait=off");
        Add("-mon", "chardev=qmp,mode=control");
        Add("-device", "virtio-serial-device");
        Add("-chardev", $"socket,id=ch1,fd={Files.Add(agent)},server=on,wait=off");
        Add("-device", "virtserialport,chardev=ch1,name=agent");
    }

    private void AddDisks(QemuSetup setup)
    {
        Add("-add-fd", $"fd={Files.Add(setup.Image)},set=1");
        Add("-blockdev", "driver=file,node-name=f0,filename=/dev/fdset/1,read-only=on,locking=off");
        Add("-blockdev", "driver=raw,node-name=d0,file=f0,read-only=on");
        Add("-device", "virtio-blk-device,drive=d0,id=vd0");
        if (setup.Disk is { } disk)
        {
            AddLayers(disk);
        }
        else
        {
            Add("-blockdev", $"driver=null-co,node-name={LayersNode},size=2147483648,read-zeroes=on");
        }

        // A filter drops what it is not told to pass on, so discards are named again.
        Add("-object", setup.Throttle.ToObject(DiskThrottleId));
        Add("-blockdev",
            $"driver=throttle,node-name={DiskNode},throttle-group={DiskThrottleId},file={LayersNode},discard=unmap");

        Add("-device", $"virtio-blk-device,drive={DiskNode},id=vd1");
    }

    // Node by node, with explicit formats and backing: QEMU could open no path and must guess nothing. Given at the start
    // rather than by monitor commands after it, which take 18 ms (the monitor is read byte by byte).
    private void AddLayers(WritableDisk disk)
    {
        Add("-add-fd", $"fd={Files.Add(disk.Below.Single().Handle)},set=3");
        Add("-add-fd", $"fd={Files.Add(disk.Own.Handle)},set=4");
        // Immutable, so nobody needs a lock on it. (A null is possible in the JSON form only.)
        Add("-blockdev", "driver=file,node-name=b0,filename=/dev/fdset/3,read-only=on,locking=off");
        Add("-blockdev", """{"driver":"qcow2","node-name":"b1","file":"b0","read-only":true,"backing":null}""");
        // Flushes are not passed on: what a crash of the host would lose is lost with the sandbox anyway.
        Add("-blockdev", "driver=file,node-name=w0,filename=/dev/fdset/4,discard=unmap,cache.no-flush=on");
        Add("-blockdev",
            $"driver=qcow2,node-name={LayersNode},file=w0,backing=b1,discard=unmap,detect-zeroes=unmap,"
            + "l2-cache-entry-size=4096,cache.no-flush=on");
    }

    // What the interface is connected to is in no saved state, so it may differ between a template and its clones.
    private void AddNetwork(SafeFileHandle? wire)
    {
        var device = $"virtio-net-device,mac={GuestAddresses.Hardware}";
        if (wire is null)
        {
            Add("-device", device);
            return;
        }

        Add("-netdev", $"stream,id=n0,server=off,addr.type=fd,addr.str={Files.Add(wire)}");
        Add("-device", $"{device},netdev=n0");
    }

    private void AddBoot(BootFiles boot)
    {
        Add("-add-fd", $"fd={Files.Add(boot.Console)},set=2");
        Add("-chardev", $"file,id={Console},path=/dev/fdset/2", "-serial", $"chardev:{Console}");
        Add("-kernel", $"/proc/self/fd/{Files.Add(boot.Kernel)}");
        Add("-initrd", $"/proc/self/fd/{Files.Add(boot.Initramfs)}");
        Add("-append", boot.CommandLine);
        // A guest that reboots while it is made into a template has failed.
        Add("-no-reboot");
    }

    private void AddRestore()
    {
        // The console of a clone is kept in memory and bounded, for a guest's root can write to it without end. A guest
        // that ends stays paused until its last words were read: a panic and a reboot look alike otherwise.
        Add("-chardev", $"ringbuf,id={Console},size=4096", "-serial", $"chardev:{Console}");
        Add("-action", "reboot=shutdown,shutdown=pause");
        Add("-incoming", "defer", "-S");
    }

    private void Add(params ReadOnlySpan<string> arguments) => _arguments.AddRange(arguments);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
