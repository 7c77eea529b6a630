namespace Mags.Machines.Templates;

/// <summary>The right to restore a template: while one is held it is neither closed nor removed.</summary>
internal sealed class TemplateLease : IDisposable
{
    private readonly TemplateEntry _entry;
    private int _ended;

    internal TemplateLease(TemplateEntry entry, Template template)
    {
        _entry = entry;
        Template = template;
    }

    internal Template Template { get; }

    /// <summary>Another lease of the same template.</summary>
    internal TemplateLease Share()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _ended) != 0, this);
        _entry.Hold();
        return new TemplateLease(_entry, Template);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _entry.Release();
        }
    }
}

/// <summary>A template that there is or that is being made, and how many hold it.</summary>
internal sealed class TemplateEntry
{
    private readonly Lazy<Task<Template>> _making;
    private Template? _made;
    private int _leases;

    internal TemplateEntry(Func<Task<Template>> make) =>
        _making = new Lazy<Task<Template>>(() => Task.Run(async () => _made = await make()));

    /// <summary>The template; its making begins with the first look.</summary>
    internal Task<Template> Template => _making.Value;

    /// <summary>Whether nobody holds it; it is there or has failed then.</summary>
    internal bool IsIdle => Volatile.Read(ref _leases) == 0 && _making is { IsValueCreated: true, Value.IsCompleted: true };

    /// <summary>A number that grows with each use, over all templates.</summary>
    internal long LastUse { get; set; }

    internal void Hold() => Interlocked.Increment(ref _leases);

    internal void Release() => Interlocked.Decrement(ref _leases);

    /// <summary>Gives the template's memory back, if it was made.</summary>
    internal void Close() => _made?.Close();
}
