using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Mags.Server.Tests.Fixtures;

namespace Mags.Server.Tests.Fuzz;

/// <summary>Requests of any kind are each answered, none by a fault of the server, and leave nothing in its memory.</summary>
public sealed class BodyFuzzTests
{
    private const int DefaultInputs = 5_000;
    private const int AtOnce = 8;
    private const long RoomBytes = 128 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>More in the benchmark, which sets the variable.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place where the fuzzing binds its environment.")]
    private static int Inputs =>
        int.TryParse(Environment.GetEnvironmentVariable("MAGS_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var count)
            ? count
            : DefaultInputs;

    [Fact]
    public async Task Request_OfAnyKind_IsAnsweredWithoutAFault()
    {
        await using var server = await RunningServer.StartAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Inputs),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Token },
            async (seed, cancelled) => await AssertAnsweredAsync(server, seed, cancelled));

        Assert.Equal("ok", (await server.GetAsync("/healthz")).Text("status"));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, RoomBytes);
    }

    private static async Task AssertAnsweredAsync(RunningServer server, int seed, CancellationToken cancellationToken)
    {
        using var request = FuzzedRequests.Make(seed);
        using var response = await server.Http.SendAsync(request, cancellationToken);
        var answer = await response.Content.ReadAsStringAsync(cancellationToken);
        var code = (int)response.StatusCode;
        var shown = $"seed {seed}: {request.Method} {request.RequestUri} was answered with {code} {answer}";

        Assert.True(code is < 500 or 503, shown);
        Assert.True(response.StatusCode < HttpStatusCode.BadRequest || HasError(answer), shown);
    }

    private static bool HasError(string answer)
    {
        try
        {
            return JsonNode.Parse(answer)?["error"] is JsonValue error && error.GetValue<string>().Length > 0;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
