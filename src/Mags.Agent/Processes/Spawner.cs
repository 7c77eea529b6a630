using Mags.Agent.Native;

namespace Mags.Agent.Processes;

/// <summary>Starts programs by <c>posix_spawn</c>; a fork of a managed process would be unsound.</summary>
internal static unsafe class Spawner
{
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short NewSession = 0x80;

    // glibc's opaque types on x86-64 are 80, 336 and 128 bytes.
    private const int ActionsSize = 128;
    private const int AttributesSize = 512;
    private const int SignalSetSize = 128;

    /// <summary>Starts a program in a session and process group of its own, with default signals.</summary>
    /// <returns>0, or the error number; it may be the program's or the working directory's.</returns>
    public static int Start(
        string program, string[] arguments, IReadOnlyList<string> environment, string directory, ProcessPipes pipes, out int pid)
    {
        using var argv = new NativeStrings(arguments);
        using var envp = new NativeStrings(environment);
        using var names = new NativeStrings([program, directory]);
        var actions = stackalloc byte[ActionsSize];
        var attributes = stackalloc byte[AttributesSize];
        var signals = stackalloc byte[SignalSetSize];
        _ = NativeMethods.SpawnActionsInit(actions);
        _ = NativeMethods.SpawnActionsDuplicate(actions, pipes.ChildInput, 0);
        _ = NativeMethods.SpawnActionsDuplicate(actions, pipes.ChildOutput, 1);
        _ = NativeMethods.SpawnActionsDuplicate(actions, pipes.ChildError, 2);
        _ = NativeMethods.SpawnActionsChangeDirectory(actions, names.Pointer[1]);
        _ = NativeMethods.SpawnAttributesInit(attributes);
        _ = NativeMethods.SignalSetFill(signals);
        _ = NativeMethods.SpawnAttributesSetDefaultSignals(attributes, signals);
        _ = NativeMethods.SignalSetEmpty(signals);
        _ = NativeMethods.SpawnAttributesSetSignalMask(attributes, signals);
        _ = NativeMethods.SpawnAttributesSetFlags(attributes, NewSession | SetSignalDefaults | SetSignalMask);
        var started = 0;
        var error = NativeMethods.Spawn(&started, names.Pointer[0], actions, attributes, argv.Pointer, envp.Pointer);
        _ = NativeMethods.SpawnActionsDestroy(actions);
        _ = NativeMethods.SpawnAttributesDestroy(attributes);
        pid = started;
        return error;
    }
}
