using Mags.Machines.Walls;

namespace Mags.Machines.Tests.Walls;

public sealed class JailContentsTests
{
    [Fact]
    public void LibrariesIn_LoadersList_AreItsAbsolutePaths() =>
        Assert.Equal(
            ["/lib/x86_64-linux-gnu/libz.so.1", "/lib64/ld-linux-x86-64.so.2"],
            JailContents.LibrariesIn(
                """
                	linux-vdso.so.1 (0x00007f8b15452000)
                	libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f8b153eb000)
                	/lib64/ld-linux-x86-64.so.2 (0x00007f8b15454000)
                """));

    [Fact]
    public async Task FindAsync_AnyProgram_NeedsItselfAndItsLoader()
    {
        var contents = await JailContents.FindAsync("/usr/bin/env", TestContext.Current.CancellationToken);

        Assert.Contains("/usr/bin/env", contents.Shown);
        Assert.Contains("/lib64/ld-linux-x86-64.so.2", contents.Shown);
        Assert.Contains("/dev/null", contents.Devices);
    }
}
