using Mags.Machines.Tests.Machines;

namespace Mags.Machines.Tests.Walls;

[Collection("Machines")]
[Trait("Category", "Machine")]
public sealed class TemplateWallTests(MachineFixture machines)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_OfATemplate_CanNotBeWrittenThroughAMachinesHandle()
    {
        await using var machine = await machines.AcquireAsync(MachineFixture.Request, Token);

        var handles = new RunningProcess(machine.Pid).OpenFiles()
            .Where(file => file.Target.StartsWith("/memfd:", StringComparison.Ordinal))
            .Select(file => file.Handle)
            .ToList();
        Assert.NotEmpty(handles);
        foreach (var handle in handles)
        {
            // As root, who may open anything for writing: what refuses is the seal.
            using var memory = File.OpenHandle(handle, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.Write(memory, "x"u8, 0));
            Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(memory, 0));
        }
    }
}
