using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mags.Machines.Native;

/// <summary>Turns <c>errno</c> into exceptions that name the call.</summary>
internal static class NativeError
{
    /// <summary>An exception for the last failed call of this thread.</summary>
    internal static IOException Last(string call) => Of(call, Marshal.GetLastPInvokeError());

    /// <summary>An exception for an error number that a call returned.</summary>
    internal static IOException Of(string call, int error) =>
        new($"{call}: {new Win32Exception(error).Message}", error);
}
