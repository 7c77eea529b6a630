using Mags.Machines.Native;

namespace Mags.Machines.Tests.Native;

public sealed class ToolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_ProgramSucceeds_ReturnsItsOutput() =>
        Assert.Equal("a\nb\n", await Tool.RunAsync("/bin/sh", ["-c", "echo a; echo b; echo c >&2"], Token));

    [Fact]
    public async Task RunAsync_ProgramFails_TellsItsLastWords()
    {
        var error = await Assert.ThrowsAsync<MachineException>(
            () => Tool.RunAsync("/bin/sh", ["-c", "echo first >&2; echo no space >&2; exit 3"], Token));

        Assert.Equal((MachineFault.Setup, "/bin/sh ended with code 3: no space"), (error.Reason, error.Message));
    }

    [Fact]
    public async Task RunAsync_Cancelled_KillsTheProgram()
    {
        using var cancel = new CancellationTokenSource();
        var running = Tool.RunAsync("/bin/sleep", ["1000"], cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Token));
    }

    [Fact]
    public void Find_MissingProgram_IsASetupFault()
    {
        var error = Assert.Throws<MachineException>(() => Tool.Find("no-such-program"));

        Assert.Equal(
            (MachineFault.Setup, "The program no-such-program is not installed on this host."),
            (error.Reason, error.Message));
    }
}
