using System.Text;
using Mags.Cli.Output;
using Mags.Client.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Cli.Tests.Fakes;

/// <summary>The whole command in this process, with a home, an environment and streams of its own.</summary>
internal sealed class CliHarness : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mags-cli-test-").FullName;
    private readonly RecordingStream _output = new();
    private readonly RecordingStream _error = new();

    public CliHarness()
    {
        Variables = new Dictionary<string, string>
        {
            ["HOME"] = Path.Combine(_folder, "user"),
            ["MAGS_HOME"] = Home,
            ["PATH"] = "/usr/bin:/bin",
        };
    }

    public Dictionary<string, string> Variables { get; }

    /// <summary>The local server's folder.</summary>
    public string Home => Path.Combine(_folder, "home");

    public string LoginFile => Path.Combine(_folder, "user/.mags/config.json");

    public string MagsdPath => Path.Combine(_folder, "magsd");

    public FakeTimeProvider Time { get; } = new(ServerDouble.Created.AddMinutes(2));

    public string Input { get; set; } = string.Empty;

    public TerminalTraits Traits { get; set; } = new(false, false, false, false);

    public RecordingStream Output => _output;

    public RecordingStream Error => _error;

    /// <summary>One whose environment names this server.</summary>
    public static CliHarness For(ServerDouble server)
    {
        var harness = new CliHarness();
        harness.Variables["MAGS_API_URL"] = server.Url;
        harness.Variables["MAGS_API_TOKEN"] = ServerDouble.Token;
        return harness;
    }

    /// <summary>Runs a command to its end; the result holds what this one wrote.</summary>
    public Task<CliResult> RunAsync(params string[] arguments) =>
        RunInterruptiblyAsync(arguments, TestContext.Current.CancellationToken);

    /// <summary>The same, with a Ctrl-C of the test's own.</summary>
    public async Task<CliResult> RunInterruptiblyAsync(string[] arguments, CancellationToken interruption)
    {
        var (outBefore, errBefore) = (_output.Text.Length, _error.Text.Length);
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(Input));
        var terminal = new Terminal(input, _output, _error, Traits, Time);
        var environment = CliEnvironment.From(Variables, isRoot: true);
        var app = new CliApp(new CliContext(terminal, environment, MagsdPath, Time));
        var exitCode = await app.InvokeAsync(arguments, interruption);
        return new CliResult(exitCode, _output.Text[outBefore..], _error.Text[errBefore..]);
    }

    /// <summary>A file with this text, for a test's own use.</summary>
    public string AddFile(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
