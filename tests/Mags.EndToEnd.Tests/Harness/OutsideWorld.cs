using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>
/// The network that all servers of these tests lead out to, in namespaces of its own: the real host's network is neither
/// used nor changed.
/// </summary>
public static partial class OutsideWorld
{
    /// <summary>Address of everything outside.</summary>
    public const string Address = "203.0.113.10";

    /// <summary>The host's own address, as seen from there.</summary>
    public const string HostAddress = "198.51.100.2";

    private static readonly Lazy<Task> _made = new(MakeAsync);

    /// <summary>Namespace that plays the host's network.</summary>
    public static string Host { get; } = $"mags-e2e-{Environment.ProcessId}-h";

    /// <summary>Namespace of everything outside.</summary>
    public static string Outside { get; } = $"mags-e2e-{Environment.ProcessId}-o";

    /// <summary>The setting of servers that lead out to it.</summary>
    public static string Setting => $$"""{"Namespace": "{{Host}}"}""";

    /// <summary>Makes it, once.</summary>
    public static Task EnsureAsync() => _made.Value;

    /// <summary>Removes it.</summary>
    public static async Task RemoveAsync()
    {
        if (_made.IsValueCreated)
        {
            await IpAsync($"netns delete {Host}");
            await IpAsync($"netns delete {Outside}");
        }
    }

    /// <summary>A port of a namespace's address at which each who connects is told a word.</summary>
    public static Greeter Greet(string space, string address)
    {
        Greeter? greeter = null;
        var thread = new Thread(() =>
        {
            const int network = 0x40000000;
            using var handle = File.OpenHandle($"/run/netns/{space}");
            if (SetNamespace(handle, network) == 0)
            {
                greeter = new Greeter(address);
            }
        });
        thread.Start();
        thread.Join();
        Assert.NotNull(greeter);
        return greeter;
    }

    private static async Task MakeAsync()
    {
        foreach (var command in new[]
        {
            $"netns add {Host}",
            $"netns add {Outside}",
            $"link add v0 netns {Host} type veth peer name v1 netns {Outside}",
            $"-n {Host} link set lo up",
            $"-n {Outside} link set lo up",
            $"-n {Host} address add {HostAddress}/24 dev v0",
            $"-n {Outside} address add 198.51.100.1/24 dev v1",
            $"-n {Outside} address add {Address}/32 dev lo",
            $"-n {Host} link set v0 up",
            $"-n {Outside} link set v1 up",
            $"-n {Host} route add default via 198.51.100.1",
        })
        {
            await IpAsync(command);
        }
    }

    private static async Task IpAsync(string command)
    {
        var done = await Command.RunAsync("ip", command.Split(' '));
        Assert.True(done.ExitCode == 0, $"ip {command}: {done.Stderr}");
    }

    // Sound: the handle is kept alive by the marshaller for the call.
    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNamespace(SafeFileHandle handle, int kind);
}
