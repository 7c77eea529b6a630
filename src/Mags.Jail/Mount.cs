using Mags.Jail.Native;

namespace Mags.Jail;

/// <summary>Mounts in the namespace of this process.</summary>
internal static class Mount
{
    /// <summary>Calls <c>mount(2)</c>.</summary>
    internal static void Make(string source, string target, string type, ulong flags, string options) =>
        Call.Check($"mounting {target}", LibC.Mount(source, target, type, flags, options));

    /// <summary>Shows a file or folder of the host at the same path below a new root, read-only.</summary>
    internal static void Show(string path, string root, ulong flags)
    {
        var target = root + path;
        if (Directory.Exists(path))
        {
            Directory.CreateDirectory(target);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Create(target).Dispose();
        }

        Make(path, target, "", LibC.MS_BIND, "");
        // The flags of a bind mount take effect only by a second call.
        Make("", target, "", LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY | flags, "");
    }

    /// <summary>Makes a mounted folder the root and lets go of the old one.</summary>
    internal static void MoveRoot(string root)
    {
        Call.Check("chdir", LibC.Chdir(root));
        // Both in one place: the old root is stacked under the new one and taken away from there.
        Call.Check("pivot_root", LibC.PivotRoot(LibC.SYS_pivot_root, ".", "."));
        Call.Check("unmounting the old root", LibC.Unmount(".", LibC.MNT_DETACH));
        Call.Check("chdir", LibC.Chdir("/"));
    }
}
