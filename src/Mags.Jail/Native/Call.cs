using System.Runtime.InteropServices;

namespace Mags.Jail.Native;

/// <summary>Turns failed calls into exceptions that name the call and the error number.</summary>
internal static class Call
{
    internal static void Check(string call, nint result)
    {
        if (result < 0)
        {
            throw Failed(call);
        }
    }

    internal static JailException Failed(string call)
    {
        var error = Marshal.GetLastPInvokeError();
        return new JailException($"{call}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
    }
}
