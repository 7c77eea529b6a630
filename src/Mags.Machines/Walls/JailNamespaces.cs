using System.Globalization;
using System.IO.Pipes;
using Mags.Machines.Native;
using Microsoft.Win32.SafeHandles;

namespace Mags.Machines.Walls;

/// <summary>
/// Namespaces that all processes of one kind share. Only this process has them open, and the processes are in
/// them, so nothing has to be removed when either ends, however it ends.
/// </summary>
internal sealed class JailNamespaces : IDisposable
{
    /// <summary>All kinds that are made.</summary>
    internal static readonly IReadOnlyList<string> All = ["mnt", "net", "ipc", "uts"];

    /// <summary>All but the empty network.</summary>
    internal static readonly IReadOnlyList<string> WithoutNetwork = ["mnt", "ipc", "uts"];

    private JailNamespaces(IReadOnlyList<SafeFileHandle> handles) => Handles = handles;

    /// <summary>The open namespaces, to be joined.</summary>
    internal IReadOnlyList<SafeFileHandle> Handles { get; }

    /// <summary>Has the launcher make the namespaces, takes hold of them and lets it end.</summary>
    /// <param name="launcher">Path of the launcher.</param>
    /// <param name="root">An existing folder over which the view is built, unseen by anybody else.</param>
    /// <param name="contents">What the view shows.</param>
    /// <param name="kinds">Which of the namespaces are kept: <see cref="All"/> or <see cref="WithoutNetwork"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">They could not be made; the message says why.</exception>
    internal static async Task<JailNamespaces> MakeAsync(
        string launcher,
        string root,
        JailContents contents,
        IReadOnlyList<string> kinds,
        CancellationToken cancellationToken)
    {
        await using var ready = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None);
        await using var hold = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
        using var error = MemoryFile.Create("stderr", 0);
        var files = new FdMap();
        List<string> arguments = ["view", "--root", root];
        Add("--ready", Number(files.Add(ready.ClientSafePipeHandle)));
        Add("--hold", Number(files.Add(hold.ClientSafePipeHandle)));
        foreach (var path in contents.Shown)
        {
            Add("--show", path);
        }

        foreach (var path in contents.Devices)
        {
            Add("--device", path);
        }

        foreach (var path in contents.Folders)
        {
            Add("--folder", path);
        }

        using var maker = ChildProcess.Start(launcher, arguments, files, null, error);
        // The maker alone holds these ends now: its end shows as the end of the pipe.
        ready.DisposeLocalCopyOfClientHandle();
        hold.DisposeLocalCopyOfClientHandle();
        try
        {
            if (await ready.ReadAsync(new byte[1], cancellationToken) == 0)
            {
                throw new MachineException(
                    MachineFault.Setup, $"{launcher} {await maker.Exited}: {Tool.LastLine(error)}");
            }

            return Open(maker.Pid, kinds);
        }
        finally
        {
            await hold.DisposeAsync();
            _ = await maker.Exited;
        }

        void Add(string option, string value) => arguments.AddRange([option, value]);
    }

    public void Dispose()
    {
        foreach (var handle in Handles)
        {
            handle.Dispose();
        }
    }

    private static JailNamespaces Open(int pid, IReadOnlyList<string> kinds)
    {
        const int CloseOnExec = 0x80000;
        var made = new JailNamespaces(
            [.. kinds.Select(kind => LibC.Open($"/proc/{Number(pid)}/ns/{kind}", CloseOnExec, 0))]);
        if (made.Handles.Any(handle => handle.IsInvalid))
        {
            made.Dispose();
            throw NativeError.Last("opening a namespace");
        }

        return made;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
