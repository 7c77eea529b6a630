using System.Text.Json.Nodes;
using Mags.Machines.Qemu;
using Mags.Machines.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Machines.Tests.Qemu;

public sealed class QmpClientTests : IAsyncDisposable
{
    private readonly FakeMonitor _qemu = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<QmpEvent> _events = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _qemu.DisposeAsync();

    [Fact]
    public async Task StartAsync_Greeted_LeavesNegotiation()
    {
        await using var client = await ConnectAsync();
        var starting = client.StartAsync(Token);
        Assert.False(starting.IsCompleted);

        await _qemu.SayAsync("""{"QMP": {"version": {}, "capabilities": ["oob"]}}""");
        var command = await _qemu.HearAsync(Token);
        await _qemu.SayAsync($$"""{"return": {}, "id": {{command.Id}}}""");
        await starting;

        Assert.Equal(("qmp_capabilities", ""), (command.Name, command.Arguments));
    }

    [Fact]
    public async Task ExecuteAsync_SeveralAtOnce_ArriveInOrderAndGetTheirOwnAnswers()
    {
        await using var client = await ConnectAsync();

        var first = client.ExecuteAsync("a", new JsonObject { ["x"] = 1 }, Token);
        var second = client.ExecuteAsync("b", null, Token);
        var heard = (await _qemu.HearAsync(Token), await _qemu.HearAsync(Token));
        await _qemu.SayAsync($$"""{"return": "for b", "id": {{heard.Item2.Id}}}""");
        await _qemu.SayAsync($$"""{"return": "for a", "id": {{heard.Item1.Id}}}""");

        Assert.Equal(("a", """{"x":1}""", "b"), (heard.Item1.Name, heard.Item1.Arguments, heard.Item2.Name));
        Assert.Equal(("for a", "for b"), ((await first).GetString(), (await second).GetString()));
    }

    [Fact]
    public async Task ExecuteAsync_Refused_SaysWhatQemuSaid()
    {
        await using var client = await ConnectAsync();
        var running = client.ExecuteAsync("cont", null, Token);
        var command = await _qemu.HearAsync(Token);
        await _qemu.SayAsync($$$"""{"error": {"class": "GenericError", "desc": "bad state"}, "id": {{{command.Id}}}}""");

        var error = await Assert.ThrowsAsync<MachineException>(() => running);

        Assert.Equal((MachineFault.Hypervisor, "QEMU refused cont: bad state"), (error.Reason, error.Message));
    }

    [Fact]
    public async Task ExecuteAsync_NoAnswer_TimesOut()
    {
        await using var client = await ConnectAsync();
        var running = client.ExecuteAsync("stop", null, Token);

        _time.Advance(QmpClient.CommandTimeout);
        var error = await Assert.ThrowsAsync<MachineException>(() => running);

        Assert.Equal("QEMU did not answer the command stop within 20 s.", error.Message);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("no json")]
    [InlineData("""{"event": 5}""")]
    [InlineData("""{"event": "SHUTDOWN", "data": {"reason": []}}""")]
    [InlineData("""{"return": {}, "id": "first"}""")]
    [InlineData("""{"return": {}, "id": 1e99}""")]
    public async Task Message_ThatQemuDoesNotSay_ClosesTheMonitor(string message)
    {
        await using var client = await _qemu.ConnectAsync(received => received.Text("reason"), _time, Token);
        var waiting = client.ExecuteAsync("stop", null, Token);
        _ = await _qemu.HearAsync(Token);

        await _qemu.SayAsync(message);

        var error = await Assert.ThrowsAsync<MachineException>(() => waiting);
        Assert.Equal("QEMU closed its monitor.", error.Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"error": 5}""")]
    [InlineData("""{"error": {"desc": []}}""")]
    public async Task ExecuteAsync_RefusedWithoutAReason_IsRefused(string answer)
    {
        await using var client = await ConnectAsync();
        var running = client.ExecuteAsync("cont", null, Token);
        var message = JsonNode.Parse(answer)!.AsObject();
        message["id"] = (await _qemu.HearAsync(Token)).Id;

        await _qemu.SayAsync(message.ToJsonString());

        var error = await Assert.ThrowsAsync<MachineException>(() => running);
        Assert.Equal("QEMU refused cont: it does not say why", error.Message);
    }

    [Fact]
    public async Task Message_WithoutEnd_ClosesTheMonitor()
    {
        await using var client = await ConnectAsync();
        var waiting = client.ExecuteAsync("stop", null, Token);

        var saying = _qemu.SayAsync(new string('x', 64 << 20));

        var error = await Assert.ThrowsAsync<MachineException>(() => waiting);
        Assert.IsType<InvalidDataException>(error.InnerException);
        await client.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => saying);
    }

    [Fact]
    public async Task ExecuteAsync_MonitorCloses_FailsWhatWaitsAndWhatComes()
    {
        await using var client = await ConnectAsync();
        var waiting = client.ExecuteAsync("stop", null, Token);
        _ = await _qemu.HearAsync(Token);

        _qemu.Close();
        var first = await Assert.ThrowsAsync<MachineException>(() => waiting);
        var second = await Assert.ThrowsAsync<MachineException>(() => client.ExecuteAsync("cont", null, Token));

        Assert.Equal(("QEMU closed its monitor.", "QEMU closed its monitor."), (first.Message, second.Message));
    }

    [Fact]
    public async Task ExecuteAsync_CancelledThenAnswered_DoesNotDisturbTheNext()
    {
        await using var client = await ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var cancelled = client.ExecuteAsync("a", null, cancel.Token);
        var first = await _qemu.HearAsync(Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        var running = client.ExecuteAsync("b", null, Token);
        var second = await _qemu.HearAsync(Token);
        await _qemu.SayAsync($$"""{"return": 1, "id": {{first.Id}}}""");
        await _qemu.SayAsync($$"""{"return": 2, "id": {{second.Id}}}""");

        Assert.Equal(2, (await running).GetInt32());
    }

    [Fact]
    public async Task Events_BetweenAnswersAndInPieces_AreToldInOrder()
    {
        await using var client = await ConnectAsync();
        var running = client.ExecuteAsync("a", null, Token);
        var command = await _qemu.HearAsync(Token);

        await _qemu.SayAsync("""{"timestamp": {}, "event": "STOP"}""");
        await _qemu.SayAsync($$$"""{"event": "SHUTDOWN", "data": {"guest": true, "reason": "{{{new string('r', 9000)}}}"}}""");
        await _qemu.SayAsync($$"""{"return": {}, "id": {{command.Id}}}""");
        await running;

        Assert.Equal(["STOP", "SHUTDOWN"], _events.Select(e => e.Name));
        Assert.Equal((null, 9000), (_events[0].Text("reason"), _events[1].Text("reason")!.Length));
    }

    private Task<QmpClient> ConnectAsync() => _qemu.ConnectAsync(_events.Add, _time, Token);
}
