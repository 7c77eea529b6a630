using System.Xml.Linq;

namespace Mags.Architecture.Tests;

/// <summary>References go one way: what a project may know is written here and nowhere else.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["Mags.Contracts"] = [],
        ["Mags.Protocol"] = [],
        ["Mags.Data"] = [],
        ["Mags.Agent"] = ["Mags.Protocol"],
        ["Mags.Jail"] = [],
        ["Mags.Machines"] = ["Mags.Protocol"],
        ["Mags.Storage"] = [],
        ["Mags.Cluster"] = ["Mags.Data", "Mags.Machines", "Mags.Storage"],
        ["Mags.Server"] = ["Mags.Cluster", "Mags.Contracts", "Mags.Data", "Mags.Machines", "Mags.Storage"],
        ["Mags.Client"] = ["Mags.Contracts"],
        ["Mags.Cli"] = ["Mags.Client"],
    };

    public static TheoryData<string> Projects() =>
        [.. Repository.Files("src", "*.csproj").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_References_AreAllowed(string project)
    {
        var allowed = Assert.Contains(project, _allowed);

        Assert.Empty(ReferencesOf(project).Except(allowed));
    }

    [Fact]
    public void Table_EveryProject_Exists() =>
        Assert.Equal(_allowed.Keys.Order(), Projects().Select(row => row.Data).Order());

    private static IEnumerable<string> ReferencesOf(string project) =>
        XDocument.Load(Repository.PathOf($"src/{project}/{project}.csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
}
