using Mags.Machines.Native;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Native;

public sealed class FolderHandleTests
{
    [Fact]
    public async Task Listen_FolderWithAVeryLongPath_CanBeDialled()
    {
        using var root = new TemporaryFolder();
        var deep = Directory.CreateDirectory(Path.Combine(root, new string('a', 200), new string('b', 200))).FullName;
        using var folder = new FolderHandle(deep);

        using var listener = folder.Listen("socket");
        await using var stream = await folder.ConnectAsync("socket", TestContext.Current.CancellationToken);

        Assert.True(File.Exists(Path.Combine(deep, "socket")));
        Assert.True(stream.Socket.Connected);
    }

    [Fact]
    public void TryLock_HeldByAnotherHandle_FailsUntilItIsClosed()
    {
        using var root = new TemporaryFolder();
        using var second = new FolderHandle(root);
        using (var first = new FolderHandle(root))
        {
            Assert.True(first.TryLock());
            Assert.False(second.TryLock());
        }

        Assert.True(second.TryLock());
    }
}
