using Mags.Bench;
using Mags.Bench.Api;
using Mags.Bench.Tti;

var options = BenchOptions.Parse(args);
switch (options.Bench)
{
    case "tti":
        await TtiBench.RunAsync(options, CancellationToken.None);
        return 0;
    case "api":
        await ApiBench.RunAsync(options, CancellationToken.None);
        return 0;
    default:
        await Console.Error.WriteLineAsync($"bench: there is no benchmark '{options.Bench}'; there are: api, tti");
        return 2;
}
