using Mags.Machines.Images;

namespace Mags.Machines.Tests.Images;

public sealed class SystemUsersTests
{
    [Fact]
    public void Complete_PasswdWithoutSshd_AddsIt() =>
        Assert.Equal(
            "root:x:0:0:root:/root:/bin/ash\nsshd:x:22:65534::/run/sshd:/bin/false\n",
            SystemUsers.Complete("etc/passwd", "root:x:0:0:root:/root:/bin/ash"));

    [Fact]
    public void Complete_IdThatIsTaken_TakesTheNext() =>
        Assert.Equal(
            "root:x:0:0:root:/root:/bin/sh\nother:x:22:22::/:/bin/sh\nsshd:x:23:65534::/run/sshd:/bin/false\n",
            SystemUsers.Complete("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nother:x:22:22::/:/bin/sh\n"));

    [Theory]
    [InlineData("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n")]
    [InlineData("etc/shadow", "root:*:::::::\nsshd:!:::::::\n")]
    public void Complete_SshdThatIsThere_StaysAsItIs(string path, string text) =>
        Assert.Equal(text, SystemUsers.Complete(path, text));

    [Fact]
    public void Complete_NoFile_HasRootAndSshd() =>
        Assert.Equal(
            "root:x:0:0:root:/root:/bin/sh\nsshd:x:22:65534::/run/sshd:/bin/false\n",
            SystemUsers.Complete("etc/passwd", ""));
}
