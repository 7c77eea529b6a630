using System.Net.Sockets;
using System.Text.Json;
using Mags.Machines.Native;
using Mags.Machines.Qemu;

namespace Mags.Machines.Tests.Fakes;

/// <summary>Plays QEMU's side of a monitor, as the test says.</summary>
internal sealed class FakeMonitor : IAsyncDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly FolderHandle _folder;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private StreamReader? _reader;
    private StreamWriter? _writer;
    private Socket? _accepted;

    public FakeMonitor()
    {
        _folder = new FolderHandle(_temporary);
        _listener.Bind(new UnixDomainSocketEndPoint(_temporary.File("qmp")));
        _listener.Listen();
    }

    public async Task<QmpClient> ConnectAsync(
        Action<QmpEvent> onEvent, TimeProvider time, CancellationToken cancellationToken)
    {
        var client = new QmpClient(await _folder.ConnectAsync("qmp", cancellationToken), onEvent, time);
        _accepted = await _listener.AcceptAsync(cancellationToken);
        var stream = new NetworkStream(_accepted);
        _reader = new StreamReader(stream);
        _writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\r\n" };
        return client;
    }

    public Task SayAsync(string line) => _writer!.WriteLineAsync(line);

    /// <summary>The next command: its name, its arguments as they came, and its id.</summary>
    public async Task<(string Name, string Arguments, long Id)> HearAsync(CancellationToken cancellationToken)
    {
        using var message = JsonDocument.Parse((await _reader!.ReadLineAsync(cancellationToken))!);
        var root = message.RootElement;
        return (
            root.GetProperty("execute").GetString()!,
            root.TryGetProperty("arguments", out var arguments) ? arguments.GetRawText() : "",
            root.GetProperty("id").GetInt64());
    }

    public void Close()
    {
        _accepted?.Dispose();
        _reader?.Dispose();
        _writer?.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Close();
        _listener.Dispose();
        _folder.Dispose();
        _temporary.Dispose();
        return ValueTask.CompletedTask;
    }
}
