using System.Text;
using Mags.Jail.Native;

namespace Mags.Jail;

/// <summary>Standard error, without the console's machinery.</summary>
internal static class Standard
{
    internal static unsafe void WriteError(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* start = bytes)
        {
            _ = LibC.Write(2, start, (nuint)bytes.Length);
        }
    }
}
