using Mags.Machines.Sandboxes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Mags.Machines.Tests.Sandboxes;

public sealed class CleanupStackTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _done = [];

    [Fact]
    public async Task DisposeAsync_Steps_RunInReverseOrderOnce()
    {
        var stack = Create();
        stack.Push("a", () => _done.Add("a"));
        stack.Push("b", () => _done.Add("b"));

        await stack.DisposeAsync();
        await stack.DisposeAsync();

        Assert.Equal(["b", "a"], _done);
    }

    [Fact]
    public async Task DisposeAsync_StepFails_OthersRun()
    {
        var stack = Create();
        stack.Push("a", () => _done.Add("a"));
        stack.Push("b", () => throw new IOException("no"));

        await stack.DisposeAsync();

        Assert.Equal(["a"], _done);
    }

    [Fact]
    public async Task DisposeAsync_StepHangs_IsCancelledAtTheDeadline()
    {
        var stack = Create();
        var reached = new TaskCompletionSource();
        stack.Push("a", () => _done.Add("a"));
        stack.Push("b", async token =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, token);
        });

        var disposing = stack.DisposeAsync().AsTask();
        await reached.Task;
        Assert.False(disposing.IsCompleted);
        _time.Advance(CleanupStack.Deadline);
        await disposing.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["a"], _done);
    }

    [Fact]
    public async Task Push_AfterTheRun_Throws()
    {
        var stack = Create();
        await stack.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => stack.Push("late", () => { }));
    }

    private CleanupStack Create() => new("test", _time, NullLogger.Instance);
}
