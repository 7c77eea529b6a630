using System.Globalization;
using Mags.Cli.Native;

namespace Mags.Cli.Tests.Fakes;

/// <summary>
/// A program in the place of <c>magsd</c>: holds its home as the real one does, and sends callers to the server of
/// the test. What it was called with is kept in <c>calls</c>.
/// </summary>
internal sealed class FakeMagsd : IDisposable
{
    private readonly CliHarness _cli;

    public FakeMagsd(CliHarness cli, string serverUrl, string token)
    {
        _cli = cli;
        Write(
            $$"""
            #!/bin/sh
            cd "$MAGS_HOME" || exit 5
            echo "$*" >> calls
            case $1 in
            setup)
                echo 'made the kernel' >&2
                mkdir -p kernel/1 initramfs images templates/1
                touch images/debian.json initramfs/1.cpio.gz
                ;;
            token) echo mags_made ;;
            image)
                echo 'unpacking' >&2
                echo '{"name":"alpine","digest":"sha256:ab","size_bytes":1048576,"built_at":"2026-01-02T03:04:05Z","build_seconds":2,"default":false}'
                ;;
            run)
                if rm held-once 2> /dev/null; then exit 3; fi
                exec 9>> magsd.pid
                flock -n 9 || { echo "another server holds $MAGS_HOME" >&2; exit 3; }
                echo $$ > magsd.pid
                sleep 1000 9>&- &
                trap "kill $!; exit 0" TERM
                echo "listening as $*"
                echo '{"url":"{{serverUrl}}","token":"{{token}}"}' > client.json.new
                mv client.json.new client.json
                wait
                ;;
            esac
            """);
    }

    public string[] Calls => File.ReadAllLines(Path.Combine(_cli.Home, "calls"));

    public int Pid => int.Parse(
        FileLock.Probe(Path.Combine(_cli.Home, "magsd.pid"))!.Value.Content, CultureInfo.InvariantCulture);

    /// <summary>From now on it ends at once like this.</summary>
    public void Fails(int exitCode, string sentence) =>
        Write($"#!/bin/sh\necho 'starting'\necho 'magsd: {sentence}' >&2\nexit {exitCode}\n");

    public void DiesOfSignal(int signal) => Write($"#!/bin/sh\necho 'starting'\nkill -{signal} $$\n");

    /// <summary>The next run says that another server holds the home, though none does.</summary>
    public void TakesHomeForHeldOnce() => File.WriteAllText(Path.Combine(_cli.Home, "held-once"), string.Empty);

    public void Dispose()
    {
        if (FileLock.Probe(Path.Combine(_cli.Home, "magsd.pid")) is { IsHeld: true })
        {
            _ = Libc.Kill(Pid, Libc.SignalTerminate);
        }
    }

    private void Write(string script)
    {
        File.WriteAllText(_cli.MagsdPath, script);
        File.SetUnixFileMode(
            _cli.MagsdPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
