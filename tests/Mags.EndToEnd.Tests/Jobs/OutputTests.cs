using System.Globalization;
using Mags.EndToEnd.Tests.Harness;

namespace Mags.EndToEnd.Tests.Jobs;

/// <summary>What a script prints is what the log holds, however it prints it.</summary>
[Trait("Category", "Machine")]
public sealed class OutputTests(SharedServer shared)
{
    [Fact]
    public async Task Log_ThousandLinesASecondForAMinute_KeepsEachInOrder()
    {
        var job = await shared.Api.RunAsync(
            "i=0; while [ $i -lt 60 ]; do seq $((i*1000+1)) $((i*1000+1000)); i=$((i+1)); sleep 1; done");

        Assert.Equal("completed", job.Status);
        Assert.Equal(Enumerable.Range(1, 60_000).Select(n => n.ToString(CultureInfo.InvariantCulture)), job.Stdout);
    }

    [Fact]
    public async Task Log_OneLineOfAMebibyte_IsSplitAtTheLimitAndWhole()
    {
        var job = await shared.Api.RunAsync("head -c 1048576 /dev/zero | tr '\\0' x; echo");

        Assert.Equal(16, job.Stdout.Count);
        Assert.All(job.Stdout, line => Assert.Equal(new string('x', 65_536), line));
    }

    [Fact]
    public async Task Log_BinaryOutput_IsUtf8WithReplacement()
    {
        var job = await shared.Api.RunAsync("printf 'a\\377b\\000c\\n'");

        Assert.Equal(["a\uFFFDb\0c"], job.Stdout);
    }

    [Fact]
    public async Task Log_NoFinalNewline_LineIsThere()
    {
        var job = await shared.Api.RunAsync("echo whole; printf partial");

        Assert.Equal(["whole", "partial"], job.Stdout);
    }

    [Fact]
    public async Task Script_ClosesItsOutput_RunsToItsEnd()
    {
        var job = await shared.Api.RunAsync("echo before; exec >&- 2>&-; sleep 1; exit 7");

        Assert.Equal(["before"], job.Stdout);
        Assert.Equal(7, job.ExitCode);
    }

    [Fact]
    public async Task Script_LeavesAChildHoldingThePipe_EndsWithItsShell()
    {
        var job = await shared.Api.RunAsync("sleep 250 & echo done");

        Assert.Equal(["done"], job.Stdout);
        Assert.Equal("completed", job.Status);
        Assert.InRange((long)job.Json["script_duration_ms"]!, 0, 60_000);
    }

    [Fact]
    public async Task Log_AfterAndLimit_CutThePage()
    {
        var id = await shared.Api.SubmitAsync("seq 10");
        await shared.Api.FinishAsync(id);

        var page = await shared.Api.LogsAsync(id, "?after=3&limit=2");

        Assert.Equal([4L, 5L], page.Select(line => line.Seq));
        Assert.Equal(["4", "5"], page.Select(line => line.Message));
    }
}
