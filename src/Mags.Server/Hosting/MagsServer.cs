using Mags.Cluster;
using Mags.Cluster.Jobs;
using Mags.Data;
using Mags.Machines;
using Mags.Machines.Network;
using Mags.Machines.Pool;
using Mags.Server.Access;
using Mags.Server.Accounts;
using Mags.Server.Errors;
using Mags.Server.Files;
using Mags.Server.Images;
using Mags.Server.Jobs;
using Mags.Server.OpenApi;
using Mags.Server.Status;
using Mags.Server.Workspaces;
using Mags.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Mags.Server.Hosting;

/// <summary>Puts the server together: what it is made of, and the way of a request through it.</summary>
internal static class MagsServer
{
    /// <param name="settings">Home folder and what overrides its settings.</param>
    /// <param name="replace">Puts other services in place: a test's stand-in for the hypervisor.</param>
    public static WebApplication Build(ServerSettings settings, Action<IServiceCollection>? replace) =>
        Compose(settings, replace, LogLevel.Information);

    /// <summary>The same services for a command that does its work without serving: only its faults are logged.</summary>
    public static WebApplication BuildTool(ServerSettings settings) => Compose(settings, null, LogLevel.Warning);

    private static WebApplication Compose(
        ServerSettings settings, Action<IServiceCollection>? replace, LogLevel leastLogged)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = settings.Home });
        ServerConfiguration.Add(builder.Configuration, settings);
        AddLogging(builder, leastLogged);
        AddKestrel(builder);
        AddServices(builder.Services);
        replace?.Invoke(builder.Services);
        var app = builder.Build();
        Map(app);
        return app;
    }

    private static void AddServices(IServiceCollection services)
    {
        services.AddOptions<HostOptions>().Configure<IOptions<JobOptions>>(
            (host, jobs) => host.ShutdownTimeout = jobs.Value.StopLimit);
        AddOptions<ServerOptions, ServerOptionsValidator>(services, ServerOptions.Section);
        AddOptions<MachinesOptions, MachinesOptionsValidator>(services, MachinesOptions.Section);
        AddOptions<JobLimitOptions, JobLimitOptionsValidator>(services, JobLimitOptions.Section);
        services.AddOptions<MachinesOptions>().PostConfigure<IOptions<JobLimitOptions>>((machines, limits) =>
            machines.LargestDiskGb = Math.Max(machines.LargestDiskGb, limits.Value.MaxDiskGb));
        AddOptions<NetworkOptions, NetworkOptionsValidator>(services, NetworkOptions.Section);
        AddOptions<PoolOptions, PoolOptionsValidator>(services, PoolOptions.Section);
        services.AddOptions<PoolOptions>().PostConfigure<IOptions<JobLimitOptions>, JobSizes>(FitPool);
        AddOptions<UserLimitOptions, UserLimitOptionsValidator>(services, UserLimitOptions.Section);
        services.AddMagsData();
        services.AddMagsStorage();
        services.AddMagsMachines();
        services.AddMagsCluster();
        services.AddSingleton<FirstUser>();
        services.AddSingleton<JobSizes>();
        services.AddSingleton<JobRequestValidator>();
        services.AddSingleton<JobIntake>();
        services.AddSingleton<SpoolFolder>();
        services.AddHostedService(provider => provider.GetRequiredService<SpoolFolder>());
        services.AddSingleton<UploadReader>();
        services.AddSingleton<WorkspaceSender>();
        services.AddSingleton<WorkspaceReceiver>();
        services.AddRoutingCore();
        services.AddMagsOpenApi();
    }

    /// <summary>What waits is what a job gets that asks for nothing.</summary>
    private static void FitPool(PoolOptions pool, IOptions<JobLimitOptions> limits, JobSizes sizes)
    {
        pool.DefaultVcpus = sizes.VcpusFor(asked: null);
        pool.DefaultMemoryMib = sizes.MemoryMibFor(asked: null);
        pool.DefaultDiskGb = limits.Value.DefaultDiskGb;
    }

    private static void Map(WebApplication app)
    {
        app.UseMiddleware<ErrorMiddleware>();
        app.UseMiddleware<BearerMiddleware>();
        app.UseRouting();
        app.MapHealth();
        app.MapOpenApi();
        MapApi(app.MapGroup("/api/v1"));

        // The same under the path that some clients use; described and named once.
        var second = app.MapGroup("/api/v2").ExcludeFromDescription();
        ((IEndpointConventionBuilder)second).Finally(RemoveName);
        MapApi(second);
    }

    private static void RemoveName(EndpointBuilder endpoint)
    {
        foreach (var name in endpoint.Metadata.OfType<IEndpointNameMetadata>().Cast<object>().ToList())
        {
            endpoint.Metadata.Remove(name);
        }
    }

    private static void MapApi(RouteGroupBuilder api)
    {
        api.MapJobs();
        api.MapFiles();
        api.MapWorkspaces();
        api.MapNotOffered();
        api.MapImages();
        api.MapServerStatus();
        api.MapWhoAmI();
    }

    private static void AddKestrel(WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelCore();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<JobLimitOptions>>((kestrel, limits) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = limits.Value.MaxRequestBytes;
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
    }

    private static void AddLogging(WebApplicationBuilder builder, LogLevel leastLogged)
    {
        builder.Logging.SetMinimumLevel(leastLogged);
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Its faults reach whoever asked, as a DatabaseException that is told there; once is enough.
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);

        // It advises server GC, which is meant for machines that do nothing else.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);

        // At its first round it takes the time since the machine's boot for the time since the last round.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);

        // A start that fails is told by whoever called for it, in a sentence. Critical is a part that ends the server later.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);

        // Standard output belongs to what a command answers.
        builder.Services.Configure<ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        });
    }

    private static void AddOptions<TOptions, TValidator>(IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
    }
}
