using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Mags.Machines.Network;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Jobs;

public sealed class CreateJobTests(SharedServer shared)
{
    private readonly RunningServer _server = shared.Server;

    [Fact]
    public async Task Post_ScriptAndType_IsAcceptedWithAnId()
    {
        var answer = await _server.PostJobAsync("exit 0");

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.True(Guid.TryParseExact(answer.Text("request_id"), "D", out _));
        Assert.Equal("accepted", answer.Text("status"));
        Assert.Equal("Job accepted", answer.Text("message"));
    }

    [Fact]
    public async Task Post_NothingElse_GetsTheDefaults()
    {
        var id = await _server.AcceptAsync("exit 0");

        var job = await _server.EndAsync(id);

        Assert.Equal(("debian", "microvm", "tcg"), (job.Text("image"), job.Text("isolation"), job.Text("accelerator")));
        Assert.Equal((1, 1024, 2), (job.Number("vcpus"), job.Number("memory_mb"), job.Number("disk_gb")));
        Assert.Matches("^[a-z]+-[a-z]+-[0-9a-f]{4}$", job.Text("name"));
        Assert.Matches("^[0-9a-f]{12}$", job.Text("subdomain"));
        Assert.Equal((false, false, false), (job.Flag("persistent"), job.Flag("no_sleep"), job.Flag("sleeping")));
    }

    [Fact]
    public async Task Post_AllThatIsOffered_IsPassedOnToTheMachine()
    {
        var id = await _server.AcceptAsync(
            "env GREETING\nenv EMPTY",
            """
            "name": "all of it", "environment": {"GREETING": "hé = llo", "EMPTY": "", "NONE": null}, "timeout": 77,
            "disk_gb": 5, "vcpus": 3, "memory_mb": 300, "image": "alpine", "rootfs_type": "alpine",
            "isolation": "microvm", "network": false
            """);

        var job = await _server.EndAsync(id);

        Assert.Equal(("completed", "all of it", "alpine"), (job.Text("status"), job.Text("name"), job.Text("image")));
        Assert.Equal((4, 512, 5), (job.Number("vcpus"), job.Number("memory_mb"), job.Number("disk_gb")));
        Assert.Equal(["hé = llo", ""], await _server.LogAsync(id));
        var request = Assert.Single(
            _server.Machines.Requests, request => request.HostName == $"mags-{job.Text("subdomain")}");
        Assert.Equal((4, 512, 5, "alpine"),
            (request.Size.Vcpus, request.Size.MemoryMib, request.DiskGb, request.Image));
        var process = Assert.Single(_server.Machines.Processes, process => process.Environment.ContainsKey("GREETING"));
        Assert.Equal((TimeSpan.FromSeconds(77), "/root"), (process.Timeout, process.WorkingDirectory));
        Assert.Equal(["/bin/sh"], process.Arguments);
        Assert.False(process.Environment.ContainsKey("NONE"));
    }

    [Theory]
    [InlineData("\"name\": \"says nothing of it\"", NetworkWish.None)]
    [InlineData("\"network\": true", NetworkWish.Required)]
    public async Task Post_NetworkOffByDefault_IsHadByWishAlone(string field, NetworkWish wish)
    {
        await using var server = await RunningServer.StartAsync("""{"Network": {"Default": false}}""");

        _ = await server.EndAsync(await server.AcceptAsync("exit 0", field));

        Assert.Equal(wish, Assert.Single(server.Machines.Requests).Network);
    }

    [Theory]
    [InlineData("\"network\": true", NetworkWish.Required)]
    [InlineData("\"network\": false", NetworkWish.None)]
    [InlineData("\"network\": null", NetworkWish.IfPossible)]
    [InlineData("\"name\": \"says nothing of it\"", NetworkWish.IfPossible)]
    public async Task Post_Network_IsWhatTheMachineIsMadeWith(string field, NetworkWish wish)
    {
        var job = await _server.EndAsync(await _server.AcceptAsync("exit 0", field));

        var request = Assert.Single(
            _server.Machines.Requests, request => request.HostName == $"mags-{job.Text("subdomain")}");
        Assert.Equal(("completed", wish), (job.Text("status"), request.Network));
    }

    [Fact]
    public async Task Post_NetworkThatThisServerCanNotGive_Is400ThatSaysWhyAndTheDefaultRuns()
    {
        var before = _server.Machines.Status;
        _server.Machines.Status = before with { NetworkAbsence = "The program nft is not installed on this host." };
        try
        {
            var asked = await _server.PostJobAsync("exit 0", "\"network\": true");
            var job = await _server.EndAsync(await _server.AcceptAsync("exit 0"));

            Assert.Equal((HttpStatusCode.BadRequest, "not_supported"), (asked.Status, asked.Code));
            Assert.Equal(
                "field `network` must not be true here: this server gives sandboxes no network. "
                + "The program nft is not installed on this host.",
                asked.Error);
            Assert.Equal("completed", job.Text("status"));
        }
        finally
        {
            _server.Machines.Status = before;
        }
    }

    [Theory]
    [InlineData("""
        "name": null, "workspace_id": null, "base_workspace_id": null, "persistent": null, "no_sync": null,
        "no_sleep": null, "startup_command": null, "environment": null, "file_ids": null, "disk_gb": null, "vcpus": null,
        "memory_mb": null, "timeout": null, "image": null, "rootfs_type": null, "isolation": null, "network": null
        """)]
    [InlineData("""
        "name": "", "workspace_id": "", "base_workspace_id": "", "persistent": false, "no_sync": false,
        "no_sleep": false, "startup_command": "", "environment": {}, "file_ids": [], "image": "", "rootfs_type": "",
        "isolation": "", "network": false
        """)]
    [InlineData("\"image\": \"standard\", \"rootfs_type\": \"standard\"")]
    [InlineData("\"somethingElse\": {\"x\": [1, 2]}, \"Script\": 7")]
    public async Task Post_NullsDefaultsAndUnknownFields_AskForNothing(string fields)
    {
        var job = await _server.EndAsync(await _server.AcceptAsync("exit 0", fields));

        Assert.Equal(("completed", "debian"), (job.Text("status"), job.Text("image")));
    }

    [Theory]
    [InlineData("", "the body is not valid JSON, at line 1, byte 0")]
    [InlineData("{", "the body is not valid JSON, at line 1, byte 1")]
    [InlineData("nonsense", "the body is not valid JSON, at line 1, byte 1")]
    [InlineData("{\"script\": \"x\",}", "the body is not valid JSON, at line 1, byte 15")]
    [InlineData("[]", "the body must be a JSON object")]
    [InlineData("\"text\"", "the body must be a JSON object")]
    [InlineData("null", "the body must be a JSON object")]
    [InlineData("{\"type\": \"inline\"}", "field `script` is missing")]
    [InlineData("{\"type\": \"inline\", \"script\": \"\"}", "field `script` is missing")]
    [InlineData("{\"script\": \"exit 0\"}", "field `type` is missing")]
    [InlineData("{\"script\": \"exit 0\", \"type\": \"file\"}", "field `type` must be `inline`, not `file`")]
    public async Task Post_BodyThatIsNoRequest_Is400(string body, string sentence)
    {
        var answer = await _server.PostAsync("/api/v1/mags-jobs", body);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.StartsWith(sentence, answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("script", "7", "a string")]
    [InlineData("type", "true", "a string")]
    [InlineData("name", "[]", "a string")]
    [InlineData("workspace_id", "1", "a string")]
    [InlineData("base_workspace_id", "1", "a string")]
    [InlineData("persistent", "\"yes\"", "true or false")]
    [InlineData("no_sync", "1", "true or false")]
    [InlineData("no_sleep", "{}", "true or false")]
    [InlineData("startup_command", "[]", "a string")]
    [InlineData("environment", "\"A=1\"", "an object of strings")]
    [InlineData("file_ids", "\"a\"", "a list of strings")]
    [InlineData("disk_gb", "\"2\"", "a whole number")]
    [InlineData("vcpus", "1.5", "a whole number")]
    [InlineData("memory_mb", "true", "a whole number")]
    [InlineData("timeout", "99999999999999", "a whole number")]
    [InlineData("image", "{}", "a string")]
    [InlineData("rootfs_type", "3", "a string")]
    [InlineData("isolation", "3", "a string")]
    [InlineData("network", "\"none\"", "true or false")]
    public async Task Post_WrongType_Is400NamingTheField(string field, string value, string type)
    {
        var answer = await _server.PostAsync("/api/v1/mags-jobs", $"{{\"{field}\": {value}}}");

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal($"field `{field}` must be {type}", answer.Error);
    }

    [Theory]
    [InlineData("\"environment\": {\"A\": 1}", "field `environment.A` must be a string")]
    [InlineData("\"file_ids\": [\"a\", 2]", "field `file_ids[1]` must be a string")]
    [InlineData("\"environment\": {\"1A\": \"x\"}", "field `environment`: `1A` is no name of a variable")]
    [InlineData("\"environment\": {\"A-B\": \"x\"}", "field `environment`: `A-B` is no name of a variable")]
    [InlineData("\"environment\": {\"\": \"x\"}", "field `environment`: `` is no name of a variable")]
    [InlineData("\"environment\": {\"A\\n\": \"x\"}", "field `environment`: `A\n` is no name of a variable")]
    [InlineData("\"disk_gb\": 0", "field `disk_gb` is 0; it must be from 1 to 64")]
    [InlineData("\"disk_gb\": 65", "field `disk_gb` is 65; it must be from 1 to 64")]
    [InlineData("\"vcpus\": 0", "field `vcpus` is 0; it must be from 1 to 4")]
    [InlineData("\"vcpus\": 5", "field `vcpus` is 5; it must be from 1 to 4")]
    [InlineData("\"memory_mb\": 127", "field `memory_mb` is 127; it must be from 128 to 2944 on this server (JobLimits:MaxMemoryMib)")]
    [InlineData("\"memory_mb\": 2945", "field `memory_mb` is 2945; it must be from 128 to 2944")]
    [InlineData("\"timeout\": 0", "field `timeout` is 0; it must be a positive number of seconds")]
    [InlineData("\"timeout\": -5", "field `timeout` is -5; it must be a positive number of seconds")]
    [InlineData("\"image\": \"fedora\"", "field `image`: there is no image `fedora`; there are: alpine, debian")]
    [InlineData("\"rootfs_type\": \"x\"", "field `rootfs_type`: there is no image `x`; there are: alpine, debian")]
    [InlineData("\"image\": \"../alpine\"", "field `image`: there is no image `../alpine`")]
    [InlineData("\"image\": \"alpine\", \"rootfs_type\": \"debian\"", "fields `image` and `rootfs_type` are two names")]
    [InlineData("\"isolation\": \"docker\"", "field `isolation`: there is no kind `docker`; there are: microvm")]
    [InlineData("\"name\": \"usage\"", "field `name` must not be `usage`")]
    [InlineData("\"name\": \"pool-status\"", "field `name` must not be `pool-status`")]
    [InlineData("\"name\": \"a\\u0000b\"", "field `name` must not hold a NUL byte")]
    [InlineData("\"environment\": {\"A\": \"a\\u0000b\"}", "field `environment.A` must not hold a NUL byte")]
    [InlineData("\"image\": \"a\\u0000b\"", "field `image` must not hold a NUL byte")]
    [InlineData("\"workspace_id\": \"-w\"", "field `workspace_id` must begin with a letter or digit")]
    [InlineData("\"workspace_id\": \"a/b\"", "field `workspace_id` must begin with a letter or digit")]
    [InlineData("\"base_workspace_id\": \"a b\"", "field `base_workspace_id` must begin with a letter or digit")]
    [InlineData("\"workspace_id\": \"w\", \"base_workspace_id\": \"w\"",
        "field `base_workspace_id` must not be the same as `workspace_id`")]
    [InlineData("\"no_sleep\": true", "field `no_sleep` needs `persistent: true`")]
    public async Task Post_BadValue_Is400NamingTheField(string fields, string sentence)
    {
        var answer = await _server.PostJobAsync("exit 0", fields);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.StartsWith(sentence, answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task Post_AnyContentType_IsReadAsJson(string? type)
    {
        using var content = new ByteArrayContent("""{"script": "exit 0", "type": "inline"}"""u8.ToArray());
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        var answer = await Answer.OfAsync(await _server.Http.PostAsync(
            new Uri("/api/v1/mags-jobs", UriKind.Relative), content, TestContext.Current.CancellationToken));

        Assert.Equal((HttpStatusCode.Accepted, ""), (answer.Status, answer.Error));
    }

    [Fact]
    public async Task Post_NulInScript_Is400()
    {
        var answer = await _server.PostJobAsync("echo \0");

        Assert.Equal((HttpStatusCode.BadRequest, "field `script` must not hold a NUL byte"), (answer.Status, answer.Error));
    }

    [Fact]
    public async Task Post_ScriptOfTheLimitFullyEscaped_IsAcceptedAndOneByteMoreIs400()
    {
        const int Limit = 1024 * 1024;
        var escaped = new StringBuilder().Insert(0, "\\u0020", Limit).ToString();

        var most = await _server.PostAsync(
            "/api/v1/mags-jobs", $$"""{"script": "{{escaped}}", "type": "inline"}""");
        var over = await _server.PostJobAsync(new string('x', Limit + 1));

        Assert.Equal((HttpStatusCode.Accepted, ""), (most.Status, most.Error));
        Assert.Equal(HttpStatusCode.BadRequest, over.Status);
        Assert.Equal(
            "field `script` is 1048577 bytes long; the limit is 1048576 bytes (JobLimits:MaxScriptBytes)", over.Error);
    }

    [Fact]
    public async Task Post_BodyOverTheLimit_Is413()
    {
        var answer = await _server.PostJobAsync(new string('x', (16 * 1024 * 1024) + 1));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too_large"), (answer.Status, answer.Code));
        Assert.Equal("the body is over the limit of 16777216 bytes (JobLimits:MaxRequestBytes)", answer.Error);
    }

    [Fact]
    public async Task Post_NameOfTheLimit_IsAcceptedAndOneCharacterMoreIs400()
    {
        Assert.Equal(HttpStatusCode.Accepted, (await PostNamedAsync(128)).Status);

        var over = await PostNamedAsync(129);

        Assert.Equal(HttpStatusCode.BadRequest, over.Status);
        Assert.Equal("field `name` is 129 characters long; the limit is 128 (JobLimits:MaxNameLength)", over.Error);
    }

    [Fact]
    public async Task Post_EnvironmentOverItsLimits_Is400NamingEach()
    {
        var many = await PostEnvironmentAsync(
            Enumerable.Range(0, 257).ToDictionary(i => $"A{i}", _ => "x"));
        var big = await PostEnvironmentAsync(
            Enumerable.Range(0, 11).ToDictionary(i => $"A{i}", _ => new string('x', 100_000)));
        var wide = await PostEnvironmentAsync(new Dictionary<string, string> { ["A"] = new('x', (128 * 1024) - 2) });

        Assert.Equal(
            "field `environment` has 257 entries; the limit is 256 (JobLimits:MaxEnvironmentEntries)", many.Error);
        Assert.StartsWith("field `environment` is 1100034 bytes in all; the limit is 1048576", big.Error,
            StringComparison.Ordinal);
        Assert.Equal(
            "field `environment`: `A` and its value are 131072 bytes long; an entry must be under 131072 bytes",
            wide.Error);
        Assert.All([many, big, wide], answer => Assert.Equal(HttpStatusCode.BadRequest, answer.Status));
    }

    [Fact]
    public async Task Post_EnvironmentAtItsLimits_IsAccepted()
    {
        var most = Enumerable.Range(0, 256).ToDictionary(
            i => $"A{i.ToString("000", CultureInfo.InvariantCulture)}",
            i => new string('x', i == 0 ? (128 * 1024) - 6 : 100));

        Assert.Equal(HttpStatusCode.Accepted, (await PostEnvironmentAsync(most)).Status);
    }

    private Task<Answer> PostNamedAsync(int length) =>
        _server.PostJobAsync("exit 0", $"\"name\": \"{new string('n', length)}\"");

    private Task<Answer> PostEnvironmentAsync(Dictionary<string, string> environment) =>
        _server.PostJobAsync("exit 0", $"\"environment\": {JsonSerializer.Serialize(environment)}");
}
