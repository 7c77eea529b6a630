namespace Mags.Machines.Acceleration;

/// <summary>What executes a guest's instructions.</summary>
internal enum AcceleratorKind
{
    /// <summary>The processor itself, through <c>/dev/kvm</c>.</summary>
    Kvm,

    /// <summary>QEMU's translator; works everywhere, slower.</summary>
    Tcg,
}

/// <summary>Names of <see cref="AcceleratorKind"/>.</summary>
internal static class AcceleratorNames
{
    /// <summary>The name used in settings, in the API and by QEMU.</summary>
    internal static string Name(this AcceleratorKind kind) => kind == AcceleratorKind.Kvm ? "kvm" : "tcg";
}
