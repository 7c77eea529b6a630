using System.Runtime.InteropServices;
using Mags.Machines.Native;
using Mags.Machines.Qemu;

namespace Mags.Machines.Tests.Qemu;

/// <summary>The filter is a part of QEMU's start: there is no QEMU without it.</summary>
public sealed partial class SystemCallFilterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Qemu_ThatCanNotHaveItsFilter_DoesNotStart()
    {
        using var error = MemoryFile.Create("stderr", 0);
        ChildProcess? qemu = null;

        // A child is under the filter of the thread that starts it.
        var thread = new Thread(() =>
        {
            RefuseFilters();
            qemu = ChildProcess.Start(
                "/usr/bin/qemu-system-x86_64",
                ["-nodefaults", "-machine", "none", "-S", "-sandbox", QemuCommandLine.SystemCallFilter],
                new FdMap(),
                null,
                error);
        });
        thread.Start();
        thread.Join();

        using (qemu)
        {
            Assert.Equal(1, (await qemu!.Exited.WaitAsync(Token)).Code);
        }

        Assert.Contains("-sandbox " + QemuCommandLine.SystemCallFilter, Tool.LastLine(error), StringComparison.Ordinal);
    }

    // A filter of this thread under which seccomp(2), and prctl(2) for the same, are "not permitted". As the kernel's
    // Documentation/userspace-api/seccomp_filter.rst has it; numbers of x86-64.
    private static unsafe void RefuseFilters()
    {
        const int NoNewPrivileges = 38, SetSeccomp = 22, FilterMode = 2;
        const ushort Load = 0x20, JumpIfEqual = 0x15, Return = 0x06;
        const uint Number = 0, FirstArgument = 16, Prctl = 157, Seccomp = 317, Allow = 0x7fff_0000, NotPermitted = 0x0005_0001;
        Instruction[] filter =
        [
            new(Load, 0, 0, Number),
            new(JumpIfEqual, 3, 0, Seccomp),
            new(JumpIfEqual, 0, 3, Prctl),
            new(Load, 0, 0, FirstArgument),
            new(JumpIfEqual, 0, 1, SetSeccomp),
            new(Return, 0, 0, NotPermitted),
            new(Return, 0, 0, Allow),
        ];
        fixed (Instruction* instructions = filter)
        {
            var program = new Filter { Length = (ushort)filter.Length, Instructions = instructions };
            Assert.Equal(0, SetProcess(NoNewPrivileges, 1, 0, 0, 0));
            Assert.Equal(0, SetProcess(SetSeccomp, FilterMode, (nuint)(&program), 0, 0));
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetProcess(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Filter
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
