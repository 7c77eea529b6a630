using System.Runtime.InteropServices;

namespace Mags.Agent.Native;

/// <summary>A system call failed in a way that its caller has no answer to.</summary>
internal sealed class NativeException(string action, int error)
    : IOException($"{action}: {Errno.Describe(error)}")
{
    /// <summary>The error number.</summary>
    public int Error { get; } = error;

    /// <summary>Passes a result on, unless it is the -1 of a failed call.</summary>
    /// <param name="result">What the call returned.</param>
    /// <param name="action">What was tried, for the message, such as <c>mount /proc</c>.</param>
    public static int Check(int result, string action) =>
        result >= 0 ? result : throw new NativeException(action, Marshal.GetLastPInvokeError());
}
