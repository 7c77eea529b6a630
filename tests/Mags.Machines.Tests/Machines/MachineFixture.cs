using System.Diagnostics;
using System.Text;
using Mags.Machines.Images;
using Mags.Machines.Network;
using Mags.Machines.Sandboxes;
using Mags.Machines.Templates;
using Mags.Machines.Tests.Machines;
using Mags.Machines.Tests.Network;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

[assembly: AssemblyFixture(typeof(MachineFixture))]

namespace Mags.Machines.Tests.Machines;

/// <summary>
/// One home with kernel, image and template for all tests with real machines. It lies in the build's folder and is kept,
/// so that only the first run downloads and builds; <c>MAGS_TEST_HOME</c> names another.
/// </summary>
public sealed class MachineFixture : IAsyncDisposable
{
    private readonly Lazy<Task<ServiceProvider>> _services;
    private NetworkLab? _lab;

    public MachineFixture() => _services = new Lazy<Task<ServiceProvider>>(SetUpAsync);

    internal static MachineRequest Request { get; } = new()
    {
        Image = "debian",
        Size = new MachineSize(1, 512),
        DiskGb = 2,
        HostName = "sandbox-one",
    };

    internal async Task<HomeFolders> HomeAsync() => (await _services.Value).GetRequiredService<HomeFolders>();

    /// <summary>The network that these machines have.</summary>
    internal async Task<NetworkLab> LabAsync()
    {
        _ = await _services.Value;
        return _lab!;
    }

    /// <summary>Path of the agent's program.</summary>
    internal async Task<string> AgentAsync() =>
        (await _services.Value).GetRequiredService<IOptions<MachinesOptions>>().Value.AgentPath;

    /// <summary>Path of the launcher's program.</summary>
    internal async Task<string> JailAsync() =>
        (await _services.Value).GetRequiredService<IOptions<MachinesOptions>>().Value.JailPath;

    internal async Task<T> GetAsync<T>()
        where T : notnull =>
        (await _services.Value).GetRequiredService<T>();

    internal async Task<MicroVm> AcquireAsync(MachineRequest request, CancellationToken cancellationToken)
    {
        var host = await GetAsync<IMachineHost>();
        return (MicroVm)await host.AcquireAsync(request, cancellationToken);
    }

    /// <summary>The template of <see cref="Request"/>.</summary>
    internal async Task<TemplateLease> TemplateAsync(CancellationToken cancellationToken)
    {
        var image = (await GetAsync<ImageCatalog>()).Find(Request.Image)!;
        return await (await GetAsync<MachinePlatform>()).GetTemplateAsync(image, Request.Size, cancellationToken);
    }

    /// <summary>A machine that waits with the disk of <see cref="Request"/>.</summary>
    internal async Task<RestoredMachine> MakeWaitingAsync(
        CancellationToken cancellationToken, Readiness readiness = Readiness.Cold)
    {
        using var lease = await TemplateAsync(cancellationToken);
        return await (await GetAsync<MachineFactory>()).MakeWaitingAsync(
            null, lease.Template, Request.DiskGb, readiness, cancellationToken);
    }

    /// <summary>Claims a machine that waits.</summary>
    internal async Task<MicroVm> ClaimAsync(
        RestoredMachine machine, MachineRequest request, CancellationToken cancellationToken) =>
        await (await GetAsync<MachineFactory>()).ClaimAsync(machine, request, cancellationToken);

    /// <summary>Runs a shell command to its end: exit code and standard output.</summary>
    internal static async Task<(int ExitCode, string Output)> ShellAsync(
        IMachine machine, string command, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var process = new ProcessSpec { Arguments = ["/bin/sh", "-c", command] };
        await foreach (var next in machine.RunAsync(process, cancellationToken))
        {
            switch (next)
            {
                case ProcessOutput { Stream: OutputSource.Stdout } chunk:
                    output.Append(Encoding.UTF8.GetString(chunk.Data.Span));
                    break;
                case ProcessExited exited:
                    return (exited.ExitCode, output.ToString());
                default:
                    break;
            }
        }

        throw new InvalidOperationException("The process's end was not told.");
    }

    public async ValueTask DisposeAsync()
    {
        // A set-up that failed was told by the tests that wanted it.
        if (_services is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _services.Value).DisposeAsync();
        }

        if (_lab is not null)
        {
            await _lab.DisposeAsync();
        }
    }

    private async Task<ServiceProvider> SetUpAsync()
    {
        var root = RepositoryRoot();
#pragma warning disable RS0030 // The one place of these tests that reads the environment.
        var home = Environment.GetEnvironmentVariable("MAGS_TEST_HOME")
            ?? Path.Combine(root, "artifacts", "machines-home");
#pragma warning restore RS0030
        var agent = await PublishAsync(root, "Mags.Agent", "mags-agent");
        var jail = await PublishAsync(root, "Mags.Jail", "mags-jail");
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddMagsMachines();
        services.AddOptions<MachinesOptions>().Configure(options =>
        {
            options.Home = home;
            options.AgentPath = agent;
            options.JailPath = jail;
            options.RecipeFolder = Path.Combine(root, "images");
        });
        var lab = _lab = await NetworkLab.MakeAsync();
        services.AddOptions<NetworkOptions>().Configure(options =>
        {
            options.Namespace = lab.Host;
            options.Resolvers = [NetworkLab.Resolver];
            options.Allow = [.. NetworkLab.Allowed];
            options.Deny = [.. NetworkLab.Denied];
        });
        var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<LeftoverReclaimer>().RunAsync(CancellationToken.None);
        await provider.GetRequiredService<MachineSetup>().RunAsync(new Progress<SetupStep>(), CancellationToken.None);
        provider.GetRequiredService<MachinePlatform>().RemoveOutdatedTemplates(
            provider.GetRequiredService<ImageCatalog>());
        await provider.GetRequiredService<SandboxNetwork>().EnsureAsync(CancellationToken.None);
        provider.GetRequiredService<MachineHost>().SetReady();
        return provider;
    }

    // Incremental: it takes a minute once, and seconds when nothing has changed.
    private static async Task<string> PublishAsync(string root, string project, string program)
    {
        var folder = Path.Combine(root, "artifacts", "machines-programs");
        string[] arguments =
            ["publish", Path.Combine(root, "src", project), "-c", "Release", "-o", folder, "-v", "quiet"];
        using var publish = Process.Start(new ProcessStartInfo("dotnet", arguments))!;
        await publish.WaitForExitAsync();
        Assert.Equal(0, publish.ExitCode);
        return Path.Combine(folder, program);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mags.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not lie in the repository.");
        }

        return folder.FullName;
    }
}
