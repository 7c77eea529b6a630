using Mags.Machines.Acceleration;
using Mags.Machines.Tests.Fakes;

namespace Mags.Machines.Tests.Acceleration;

public sealed class AcceleratorRecordFileTests : IDisposable
{
    private static readonly AcceleratorSubject _subject = new("Linux 6.1", "7.2", "cpu");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_Written_GivesTheChoiceAgain(bool kvm)
    {
        var choice = new AcceleratorChoice(kvm ? AcceleratorKind.Kvm : AcceleratorKind.Tcg, "because");
        new AcceleratorRecordFile(_folder.AsHome()).Write(_subject, choice);

        Assert.Equal(choice, new AcceleratorRecordFile(_folder.AsHome()).Read(_subject));
    }

    [Fact]
    public void Read_AnotherSubject_GivesNothing()
    {
        var record = new AcceleratorRecordFile(_folder.AsHome());
        record.Write(_subject, new AcceleratorChoice(AcceleratorKind.Kvm, "because"));

        Assert.Null(record.Read(_subject with { HostKernel = "Linux 6.2" }));
        Assert.Null(record.Read(_subject with { Qemu = "8.0" }));
        Assert.Null(record.Read(_subject with { Cpu = "other" }));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("not json")]
    public void Read_NoRecord_GivesNothing(string? content)
    {
        if (content is not null)
        {
            File.WriteAllText(_folder.AsHome().AcceleratorRecord, content);
        }

        Assert.Null(new AcceleratorRecordFile(_folder.AsHome()).Read(_subject));
    }
}
