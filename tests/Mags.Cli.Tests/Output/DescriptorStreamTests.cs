using System.IO.Pipes;
using Mags.Cli.Output;

namespace Mags.Cli.Tests.Output;

public sealed class DescriptorStreamTests
{
    [Fact]
    public void Write_MoreThanAPipeHolds_ArrivesWhole()
    {
        var sent = new byte[300_000];
        System.Security.Cryptography.RandomNumberGenerator.Fill(sent);
        using var reader = new AnonymousPipeServerStream(PipeDirection.In);
        using var handle = reader.ClientSafePipeHandle;
        var writing = new Thread(() =>
        {
            using var stream = new DescriptorStream((int)handle.DangerousGetHandle());
            stream.Write(sent);
        });
        writing.Start();

        var received = new byte[sent.Length];
        reader.ReadExactly(received);

        writing.Join();
        Assert.Equal(sent, received);
    }

    [Fact]
    public void Write_ReaderIsGone_EndsTheCommandQuietly()
    {
        using var writer = new AnonymousPipeServerStream(PipeDirection.Out);
        writer.ClientSafePipeHandle.Dispose();
        using var stream = new DescriptorStream((int)writer.SafePipeHandle.DangerousGetHandle());

        var failure = Assert.Throws<CliException>(() => stream.Write("x"u8));

        Assert.Equal(ExitCodes.OutputClosed, failure.ExitCode);
    }

    [Fact]
    public void Write_SharedFile_AppendsWhereTheOtherWriterStopped()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
            {
                using var first = new DescriptorStream((int)file.DangerousGetHandle());
                using var second = new DescriptorStream((int)file.DangerousGetHandle());
                first.Write("one "u8);
                second.Write("two "u8);
                first.Write("three"u8);
            }

            Assert.Equal("one two three", File.ReadAllText(path));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
