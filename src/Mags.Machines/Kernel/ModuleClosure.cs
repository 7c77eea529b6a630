namespace Mags.Machines.Kernel;

/// <summary>Modules with everything they depend on, in load order: a module comes after all that it needs.</summary>
internal sealed class ModuleClosure(
    IReadOnlyDictionary<string, string> files, IReadOnlySet<string> builtIn, Func<string, IReadOnlyList<string>> dependenciesOf)
{
    /// <summary>Finds the modules below an unpacked <c>lib/modules/RELEASE</c>.</summary>
    public static ModuleClosure Of(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*.ko", SearchOption.AllDirectories).ToDictionary(NameOf);
        var builtIn = File.ReadLines(Path.Combine(folder, "modules.builtin")).Select(NameOf).ToHashSet();
        return new ModuleClosure(files, builtIn, path => ModuleInfo.ReadDependencies(File.ReadAllBytes(path)));
    }

    /// <summary>Paths of the wanted modules and their dependencies. What is built into the kernel is left out.</summary>
    /// <exception cref="MachineException">The kernel has no such module.</exception>
    public IReadOnlyList<string> Resolve(IEnumerable<string> wanted)
    {
        var order = new List<string>();
        var visited = new HashSet<string>();
        foreach (var name in wanted)
        {
            Visit(name);
        }

        return order;

        void Visit(string name)
        {
            if (builtIn.Contains(name) || !visited.Add(name))
            {
                return;
            }

            if (!files.TryGetValue(name, out var path))
            {
                throw new MachineException(MachineFault.Setup, $"The guest kernel has no module {name}.");
            }

            foreach (var dependency in dependenciesOf(path))
            {
                Visit(dependency);
            }

            order.Add(path);
        }
    }

    // The kernel takes '-' and '_' in module names as the same.
    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path).Replace('-', '_');
}
