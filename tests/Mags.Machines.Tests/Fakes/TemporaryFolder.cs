namespace Mags.Machines.Tests.Fakes;

/// <summary>A folder for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mags-machines-").FullName;

    public static implicit operator string(TemporaryFolder folder) => folder.Path;

    public HomeFolders AsHome() =>
        new(Microsoft.Extensions.Options.Options.Create(new MachinesOptions { Home = Path }));

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public override string ToString() => Path;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
