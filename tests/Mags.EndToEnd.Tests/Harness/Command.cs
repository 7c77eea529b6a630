using System.Diagnostics;
using System.Text;

namespace Mags.EndToEnd.Tests.Harness;

/// <summary>Runs a command as a user would and keeps what it printed.</summary>
internal static class Command
{
    public static Task<CommandResult> MagsAsync(string home, params string[] arguments) =>
        RunAsync(Installation.Mags, arguments, new() { ["MAGS_HOME"] = home });

    public static async Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        Dictionary<string, string>? environment = null,
        byte[]? input = null)
    {
        using var process = Start(program, arguments, environment);
        var stdout = ReadAsync(process.StandardOutput.BaseStream);
        var stderr = ReadAsync(process.StandardError.BaseStream);
        if (input is not null)
        {
            await process.StandardInput.BaseStream.WriteAsync(input);
        }

        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CommandResult(process.ExitCode, await stdout, Encoding.UTF8.GetString(await stderr));
    }

    public static Process Start(
        string program, IEnumerable<string> arguments, Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var name in new[] { "MAGS_API_URL", "MAGS_API_TOKEN", "MAGS_TOKEN", "MAGS_LISTEN" })
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, TestContext.Current.CancellationToken);
        return all.ToArray();
    }
}

/// <summary>What a command did.</summary>
internal sealed record CommandResult(int ExitCode, byte[] StdoutBytes, string Stderr)
{
    public string Stdout => Encoding.UTF8.GetString(StdoutBytes);
}
