using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mags.Data.Tests;

public sealed class DataOptionsTests
{
    [Theory]
    [InlineData("sqlite", "Data Source=/x/mags.db")]
    [InlineData("postgres", "Host=db;Database=mags;Username=mags;Password=secret")]
    public void Validate_GoodSettings_AreBound(string provider, string connectionString)
    {
        var options = Bind(provider, connectionString).Value;

        Assert.Equal(provider, options.Provider);
        Assert.Equal(connectionString, options.ConnectionString);
    }

    [Theory]
    [InlineData("oracle", "Data Source=/x/mags.db", "Provider")]
    [InlineData("", "Data Source=/x/mags.db", "Provider")]
    [InlineData("sqlite", "", "ConnectionString")]
    [InlineData("sqlite", "Data Source=:memory:", "ConnectionString")]
    [InlineData("sqlite", "Data Source=file:x.db", "ConnectionString")]
    [InlineData("sqlite", "Host=db", "ConnectionString")]
    [InlineData("postgres", "Database=mags", "ConnectionString")]
    [InlineData("postgres", "Data Path=x", "ConnectionString")]
    public void Validate_BadSettings_AreRefusedByName(string provider, string connectionString, string name)
    {
        var options = Bind(provider, connectionString);

        var refused = Assert.Throws<OptionsValidationException>(() => options.Value);

        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    private static IOptions<DataOptions> Bind(string provider, string connectionString) => new ServiceCollection()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Data:Provider"] = provider,
            ["Data:ConnectionString"] = connectionString,
        }).Build())
        .AddMagsData()
        .BuildServiceProvider()
        .GetRequiredService<IOptions<DataOptions>>();
}
