using Mags.Agent.Boot;
using Mags.Agent.Io;
using Mags.Agent.Native;
using Mags.Agent.Processes;
using Mags.Agent.Sandbox;
using Mags.Agent.Service;

const int badArguments = 2;
return args switch
{
    [SandboxInit.Command] => SandboxInit.Run(),
    ["serve", "--socket", var path] => await ServeAsync(path),
    _ when NativeMethods.GetProcessId() == 1 => await Init.RunAsync(),
    _ => Refuse(),
};

static async Task<int> ServeAsync(string path)
{
    var time = TimeProvider.System;
    using var source = new SocketSource(path);
    var launcher = new ProcessLauncher(new PlainSandbox(path + ".scripts"), new IoLoop(time), time);
    await AgentHost.RunAsync(source, launcher, machine: null, time, CancellationToken.None);
    return 0;
}

static int Refuse()
{
    GuestConsole.Say("usage: mags-agent serve --socket PATH (in a machine it is the init, without arguments)");
    return badArguments;
}
