using System.Globalization;
using System.Text.RegularExpressions;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Network;

/// <summary>A machine with a network in the lab, for all tests of a class.</summary>
public sealed partial class NetworkedMachine(MachineFixture machines) : IAsyncLifetime
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    internal static MachineRequest Request { get; } = MachineFixture.Request with { Network = NetworkWish.Required };

    internal NetworkLab Lab { get; private set; } = null!;

    internal MicroVm Machine { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Lab = await machines.LabAsync();
        Machine = await machines.AcquireAsync(Request, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (Machine is not null)
        {
            await Machine.DisposeAsync();
        }
    }

    /// <summary>Runs a shell command in the guest.</summary>
    internal Task<(int ExitCode, string Output)> ShellAsync(string command) => ShellAsync(Machine, command);

    /// <summary>Says a word to an address and answers with what comes back.</summary>
    internal Task<(int ExitCode, string Output)> AskAsync(string protocol, string address, int port) =>
        ShellAsync(Question(protocol, address, port));

    /// <summary>
    /// Asks without waiting for an answer, and returns once the rules have refused more than before and a question that
    /// was asked after it was answered: what was let through has arrived by then.
    /// </summary>
    internal Task AskUntilRefusedAsync(string command) => AskUntilRefusedAsync(machines, Machine, command);

    /// <summary>The same for any machine in the lab.</summary>
    internal static async Task AskUntilRefusedAsync(MachineFixture machines, MicroVm machine, string command)
    {
        var lab = await machines.LabAsync();
        var table = EgressRules.TableOf((await machines.HomeAsync()).Home);
        var before = await RefusedAsync(lab, table);
        var (_, asker) = await ShellAsync(machine, $"({command}) >/dev/null 2>&1 & echo $!");
        using var limit = new CancellationTokenSource(_limit);
        while (await RefusedAsync(lab, table) == before)
        {
            Assert.False(limit.IsCancellationRequested, $"Nothing was refused within {_limit.TotalSeconds} s of: {command}");
        }

        // What it tries again would be counted as the next one's.
        _ = await ShellAsync(machine, $"pkill -P {asker.Trim()}; kill {asker.Trim()}");
        using var control = NetworkLab.Serve(lab.Outside, NetworkLab.OutsideFour);
        foreach (var protocol in new[] { "tcp", "udp" })
        {
            var question = Question(protocol, NetworkLab.OutsideFour, control.Port);
            Assert.Equal(0, (await ShellAsync(machine, question)).ExitCode);
        }
    }

    internal static string Question(string protocol, string address, int port) =>
        $"timeout 20 bash -c 'exec 3<>/dev/{protocol}/{address}/{port}; echo hello >&3; head -1 <&3'";

    private static Task<(int ExitCode, string Output)> ShellAsync(MicroVm machine, string command) =>
        MachineFixture.ShellAsync(machine, command, TestContext.Current.CancellationToken);

    /// <summary>How many packets of sandboxes the rules have refused.</summary>
    private static async Task<long> RefusedAsync(NetworkLab lab, string table)
    {
        var list = await NetworkLab.RunInAsync(lab.Host, "nft", "list", "chain", "inet", table, "refuse");
        return long.Parse(Counter().Match(list).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("counter packets ([0-9]+)")]
    private static partial Regex Counter();
}
