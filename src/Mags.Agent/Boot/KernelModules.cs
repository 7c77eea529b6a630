using System.Runtime.InteropServices;
using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>Loads the kernel modules that the initramfs brings.</summary>
internal static unsafe class KernelModules
{
    private const string Folder = "/modules";

    /// <summary>Loads what the file <c>order</c> lists, one file name a line, in that order.</summary>
    public static void Load()
    {
        var order = FileSystem.TryRead(Folder + "/order")
            ?? throw new IOException($"{Folder}/order is missing in the initramfs");
        foreach (var name in order.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            LoadOne(Folder + "/" + name);
        }
    }

    private static void LoadOne(string path)
    {
        var file = FileDescriptor.Open(path, FileDescriptor.ReadOnly);
        try
        {
            byte noParameters = 0;
            if (NativeMethods.SystemCall(SystemCallNumber.LoadModule, file, (nint)(&noParameters), 0) != 0
                && Marshal.GetLastPInvokeError() is var error and not Errno.Exists)
            {
                throw new NativeException("load kernel module " + path, error);
            }
        }
        finally
        {
            FileDescriptor.Close(file);
        }
    }
}
