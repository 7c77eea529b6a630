using System.Runtime.InteropServices;
using Mags.Cli;
using Mags.Cli.Output;

using var interruption = new CancellationTokenSource();

// The first signal lets the command clean up (a run stops its job); the second one ends it at once.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    if (interruption.IsCancellationRequested)
    {
        Environment.Exit(ExitCodes.Interrupted);
    }

    interruption.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);

var environment = CliEnvironment.FromProcess();
using var input = Console.OpenStandardInput();
using var output = new DescriptorStream(1);
using var error = new DescriptorStream(2);
var terminal = new Terminal(
    input, output, error, TerminalTraits.Detect(environment.NoColor), TimeProvider.System);
var magsd = Path.Combine(AppContext.BaseDirectory, "magsd");
return await new CliApp(new CliContext(terminal, environment, magsd, TimeProvider.System))
    .InvokeAsync(args, interruption.Token);
