using System.Text;
using Mags.Agent.Native;

namespace Mags.Agent.Boot;

/// <summary>Where the agent says what happened: standard error, the serial console in a machine.</summary>
/// <remarks>Never used on a job's way: every byte of a serial line costs a machine exit.</remarks>
internal static class GuestConsole
{
    private const int StandardError = 2;

    public static void Say(string sentence) =>
        _ = FileDescriptor.Write(StandardError, Encoding.UTF8.GetBytes("mags-agent: " + sentence + "\n"));
}
