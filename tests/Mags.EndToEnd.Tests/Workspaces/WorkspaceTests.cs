using System.Text.Json.Nodes;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Workspaces;

/// <summary>What a job finds of what jobs before it wrote.</summary>
[Trait("Category", "Machine")]
public sealed class WorkspaceTests(SharedServer shared)
{
    // Of everything that a file system can hold, one; not only in the home folder.
    private const string Write =
        """
        set -e
        echo kept > /root/file
        ln -s file /root/link
        ln /root/file /opt/hard
        mkdir -p /srv/deep/er
        chmod 640 /root/file
        chown 1:2 /srv/deep
        mknod /opt/device c 1 3
        mkfifo /opt/pipe
        rm /etc/motd
        echo changed >> /etc/passwd
        head -c 3000000 /dev/urandom > /root/random
        md5sum /root/random > /root/sum
        """;

    private const string Read =
        """
        cat /root/link
        stat -c '%n %F %a %u:%g %h' /root/file /opt/hard /srv/deep /opt/device /opt/pipe
        ls /etc/motd 2>&1 | grep -c 'No such'
        tail -n 1 /etc/passwd
        md5sum -c /root/sum
        """;

    private static readonly string[] _kept =
    [
        "kept",
        "/root/file regular file 640 0:0 2",
        "/opt/hard regular file 640 0:0 2",
        "/srv/deep directory 755 1:2 3",
        "/opt/device character special file 644 0:0 1",
        "/opt/pipe fifo 644 0:0 1",
        "1",
        "changed",
        "/root/random: OK",
    ];

    private readonly string _name = $"w-{Guid.NewGuid():N}";

    public static TheoryData<string> Images => ["debian", "alpine"];

    [Theory]
    [MemberData(nameof(Images))]
    public async Task Job_WithAWorkspace_FindsAllThatTheLastOneWrote(string image)
    {
        Installation.SkipWhenAbsent(image);
        await CompleteAsync(Write, body => (body["workspace_id"], body["image"]) = (_name, image));

        Assert.Equal(_kept, await CompleteAsync(Read, InWorkspace));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public async Task Job_FromABase_FindsItAndChangesNothing(string image)
    {
        Installation.SkipWhenAbsent(image);
        await CompleteAsync(Write, body => (body["workspace_id"], body["image"]) = (_name, image));

        Assert.Equal([.. _kept, "mine"], await CompleteAsync(Read + "\necho mine > /root/file; cat /root/file", FromBase));

        Assert.Equal(_kept, await CompleteAsync(Read, FromBase));
        Assert.Equal(_kept, await CompleteAsync(Read, InWorkspace));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public async Task Fork_OfAFork_GoesItsOwnWayAlsoWhenItsBasesAreDeleted(string image)
    {
        Installation.SkipWhenAbsent(image);
        await CompleteAsync(Write, body => (body["workspace_id"], body["image"]) = (_name, image));
        await CompleteAsync("echo two > /root/two", body => Fork(body, _name, "-2"));
        await CompleteAsync("echo three > /root/three; rm /root/two", body => Fork(body, _name + "-2", "-3"));
        await CompleteAsync("echo one > /root/file", InWorkspace);

        await DeleteAsync(_name);
        await DeleteAsync(_name + "-2");

        Assert.Equal(
            [.. _kept, "file", "link", "random", "sum", "three"],
            await CompleteAsync(Read + "\nls /root", body => body["workspace_id"] = _name + "-3"));
    }

    [Fact]
    public async Task Job_WithoutAWorkspace_FindsNothing()
    {
        await CompleteAsync("echo kept > /root/file", InWorkspace);

        Assert.Equal(["nothing"], await CompleteAsync("cat /root/file 2>/dev/null || echo nothing"));
    }

    [Theory]
    [InlineData("exit 3", "error")]
    [InlineData("kill -9 $$", "error")]
    [InlineData("sleep 100", "error")]
    public async Task Script_ThatFailsOrOverruns_KeepsWhatItWrote(string end, string status)
    {
        var job = await shared.Api.RunAsync("echo kept > /root/file\n" + end, body =>
        {
            InWorkspace(body);
            body["timeout"] = 2;
        });

        Assert.Equal(status, job.Status);
        Assert.Equal(["kept"], await CompleteAsync("cat /root/file", InWorkspace));
    }

    [Fact]
    public async Task Script_ThatIsStopped_KeepsWhatItWrote()
    {
        var id = await shared.Api.SubmitAsync("echo kept > /root/file; echo up; sleep 100", InWorkspace);
        await UpAsync(shared.Api, id);

        await shared.Api.StopAsync(id);

        Assert.Equal(["kept"], await CompleteAsync("cat /root/file", InWorkspace));
    }

    [Fact]
    public async Task FileSystem_AfterACompletedRun_NeedsNoReplay()
    {
        await CompleteAsync(Write, InWorkspace);

        Assert.Equal(["clean"], await CompleteAsync("dmesg | grep -i 'ext4.*recover' || echo clean", InWorkspace));
    }

    [Fact]
    public async Task Readers_WhileTheBaseIsRewritten_FindItsLastSealedState()
    {
        await CompleteAsync("for i in $(seq 50); do echo one > /root/f$i; done", InWorkspace);
        var id = await shared.Api.SubmitAsync(
            "while :; do for i in $(seq 50); do echo two > /root/f$i; sync; done; echo up; done", InWorkspace);
        await UpAsync(shared.Api, id);

        var readers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => CompleteAsync("sort -u /root/f*; echo mine > /root/f1", FromBase)));

        Assert.All(readers, reader => Assert.Equal(["one"], reader));
        await shared.Api.StopAsync(id);
        Assert.Equal(["two"], await CompleteAsync("sort -u /root/f*", FromBase));
    }

    [Fact]
    public async Task Disk_AskedLarger_Grows()
    {
        await CompleteAsync(Write, InWorkspace);

        var larger = await CompleteAsync(Read + "\ndf -BG --output=size / | tail -n 1", body =>
        {
            InWorkspace(body);
            body["disk_gb"] = 5;
        });

        Assert.Equal([.. _kept, "5G"], larger.Select(line => line.Trim()));
        Assert.Equal(_kept, await CompleteAsync(Read, FromBase));
        Assert.Equal(_kept, await CompleteAsync(Read, body => Fork(body, _name, "-fork")));
    }

    private static async Task UpAsync(MagsApi api, string job)
    {
        await foreach (var line in api.FollowAsync(job, TestContext.Current.CancellationToken))
        {
            Assert.Equal("up", line.Message);
            return;
        }
    }

    private async Task<IReadOnlyList<string>> CompleteAsync(string script, Action<JsonObject>? more = null)
    {
        var job = await shared.Api.RunAsync(script, more);
        Assert.True(job.Status == "completed", $"{job.Error}\n{string.Join('\n', job.Lines)}");
        return job.Stdout;
    }

    private async Task DeleteAsync(string workspace)
    {
        using var answer = await shared.Api.Http.DeleteAsync(
            new Uri($"mags-workspaces/{workspace}", UriKind.Relative), TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private void InWorkspace(JsonObject body) => body["workspace_id"] = _name;

    private void FromBase(JsonObject body) => body["base_workspace_id"] = _name;

    private void Fork(JsonObject body, string from, string suffix) =>
        (body["workspace_id"], body["base_workspace_id"]) = (_name + suffix, from);
}
