using System.Runtime.InteropServices;

namespace Mags.Cli.Native;

/// <summary>
/// Starts programs in the two ways that <see cref="System.Diagnostics.Process"/> cannot: detached from this session
/// with nothing inherited, and in place of this process.
/// </summary>
internal static unsafe partial class Spawn
{
    // glibc's types are opaque: 336 and 80 bytes on 64-bit machines. More is harmless.
    private const int OpaqueSize = 512;
    private const int SignalSetSize = 128;
    private const int FirstDescriptorToClose = 3;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;

    /// <summary>
    /// Starts a program in a session of its own: standard input empty, both outputs appended to a file, no other
    /// descriptor of ours, every signal at its default, in <c>/</c>. So neither our Ctrl-C nor the terminal's end
    /// reaches it, and nobody who reads our output waits for it.
    /// </summary>
    /// <returns>The process id, a child of ours; or 0 and the error number.</returns>
    public static int Detached(
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        string outputPath,
        out int error)
    {
        using var argv = new NativeStrings([path, .. arguments]);
        using var envp = new NativeStrings(environment.Select(v => $"{v.Key}={v.Value}"));
        var actions = NativeMemory.AllocZeroed(OpaqueSize);
        var attributes = NativeMemory.AllocZeroed(OpaqueSize);
        var signals = NativeMemory.AllocZeroed(SignalSetSize);
        _ = FileActionsInit(actions);
        _ = AttributesInit(attributes);
        try
        {
            _ = AddOpen(actions, 0, "/dev/null", Libc.OpenReadOnly, 0);
            _ = AddOpen(actions, 1, outputPath, Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenAppend, 0b110_000_000);
            _ = AddDuplicate(actions, 1, 2);
            _ = AddCloseFrom(actions, FirstDescriptorToClose);
            _ = AddChangeDirectory(actions, "/");
            _ = SetMask(attributes, signals);
            _ = SignalSetFill(signals);
            _ = SetDefaults(attributes, signals);
            _ = SetFlags(attributes, SetSignalDefaults | SetSignalMask | SetSession);
            error = PosixSpawn(out var pid, path, actions, attributes, argv.Pointer, envp.Pointer);
            return error == 0 ? pid : 0;
        }
        finally
        {
            _ = FileActionsDestroy(actions);
            _ = AttributesDestroy(attributes);
            NativeMemory.Free(actions);
            NativeMemory.Free(attributes);
            NativeMemory.Free(signals);
        }
    }

    /// <summary>Becomes another program, with our standard streams. Returns only on error, with its number.</summary>
    public static int Replace(
        string path, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        using var argv = new NativeStrings([path, .. arguments]);
        using var envp = new NativeStrings(environment.Select(v => $"{v.Key}={v.Value}"));
        _ = Execute(path, argv.Pointer, envp.Pointer);
        return Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, nint argv, nint envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(
        out int pid, string path, void* actions, void* attributes, nint argv, nint envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int FileActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int FileActionsDestroy(void* actions);

    [LibraryImport(
        "libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(void* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(void* actions, int descriptor, int newDescriptor);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    private static partial int AddCloseFrom(void* actions, int first);

    [LibraryImport(
        "libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddChangeDirectory(void* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int SignalSetFill(void* signals);
}
