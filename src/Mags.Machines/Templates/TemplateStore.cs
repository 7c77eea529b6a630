using Mags.Machines.Tools;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mags.Machines.Templates;

/// <summary>
/// The templates of this node: loaded from the home folder, or booted when missing. Whoever asks for one while it is made
/// waits for that one; a waiter that gives up does not stop the others. Of more than the settings allow, the one that
/// was not used for longest goes.
/// </summary>
internal sealed partial class TemplateStore(
    HomeFolders folders,
    TemplateBooter booter,
    IOptions<MachinesOptions> options,
    TimeProvider time,
    ILogger<TemplateStore> logger) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, TemplateEntry> _templates = [];
    private readonly CancellationTokenSource _stopping = new();
    private long _uses;

    /// <summary>The template of a recipe. The caller disposes the lease when it restores no more of it.</summary>
    /// <exception cref="MachineException">It could not be made; the next call tries again.</exception>
    internal async Task<TemplateLease> GetAsync(TemplateRecipe recipe, CancellationToken cancellationToken)
    {
        var entry = Hold(recipe, out var isNew);
        try
        {
            var lease = new TemplateLease(entry, await entry.Template.WaitAsync(cancellationToken));
            if (isNew)
            {
                RemoveLeastUsed();
            }

            return lease;
        }
        catch
        {
            entry.Release();
            Forget(recipe.Key, entry);
            throw;
        }
    }

    /// <summary>
    /// Removes templates on disk that nothing can use any more, and those that were loaded longest ago past the limit.
    /// For the start: what has just been loaded then is the newest, and stays.
    /// </summary>
    /// <param name="isCurrent">Whether the template of this key, with this description, may still be used.</param>
    internal void RemoveOutdated(Func<string, TemplateMeta, bool> isCurrent)
    {
        if (!Directory.Exists(folders.Templates))
        {
            return;
        }

        var kept = new List<DirectoryInfo>();
        foreach (var folder in new DirectoryInfo(folders.Templates).GetDirectories())
        {
            if (TemplateFolder.ReadMeta(folder.FullName) is { } meta && isCurrent(folder.Name, meta))
            {
                kept.Add(folder);
                continue;
            }

            LogRemoved(folder.Name);
            folder.Delete(recursive: true);
        }

        foreach (var folder in kept.OrderByDescending(folder => folder.LastWriteTimeUtc).Skip(options.Value.MaxTemplates))
        {
            LogLeastUsed(folder.Name);
            folder.Delete(recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var entry in _templates.Values)
        {
            await ((Task)entry.Template).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            entry.Close();
        }

        _stopping.Dispose();
    }

    private TemplateEntry Hold(TemplateRecipe recipe, out bool isNew)
    {
        lock (_lock)
        {
            isNew = !_templates.TryGetValue(recipe.Key, out var entry);
            if (entry is null)
            {
                _templates[recipe.Key] = entry = new TemplateEntry(() => MakeAsync(recipe));
            }

            entry.Hold();
            entry.LastUse = ++_uses;
            return entry;
        }
    }

    private void Forget(string key, TemplateEntry entry)
    {
        lock (_lock)
        {
            if (entry.Template is { IsCompleted: true, IsCompletedSuccessfully: false }
                && _templates.GetValueOrDefault(key) == entry)
            {
                _ = _templates.Remove(key);
            }
        }
    }

    private void RemoveLeastUsed()
    {
        lock (_lock)
        {
            var idle = _templates.Where(pair => pair.Value.IsIdle).OrderBy(pair => pair.Value.LastUse).ToList();
            foreach (var (key, entry) in idle.Take(Math.Max(0, _templates.Count - options.Value.MaxTemplates)))
            {
                // Under the lock, so that nobody makes it anew while its folder goes.
                _ = _templates.Remove(key);
                entry.Close();
                Directory.Delete(Path.Combine(folders.Templates, key), recursive: true);
                LogLeastUsed(key);
            }
        }
    }

    private async Task<Template> MakeAsync(TemplateRecipe recipe)
    {
        var folder = Path.Combine(folders.Templates, recipe.Key);
        _ = Directory.CreateDirectory(folders.Templates);
        // Another process of the same home (magsd setup beside magsd run) may be making it.
        using var held = await HomeLock.TakeAsync(folder + ".lock", time, new Progress<string>(), _stopping.Token);
        if (TemplateFolder.Load(folder, recipe) is { } template)
        {
            // Tells the next start which ones are used.
            Directory.SetLastWriteTimeUtc(folder, time.GetUtcNow().UtcDateTime);
            LogLoaded(recipe.Key);
            return template;
        }

        return await booter.MakeAsync(recipe, _stopping.Token);
    }

    [LoggerMessage(LogLevel.Information, "Template {Key}: loaded")]
    private partial void LogLoaded(string key);

    [LoggerMessage(LogLevel.Information, "Template {Key}: removed, others are used more")]
    private partial void LogLeastUsed(string key);

    [LoggerMessage(LogLevel.Information, "Template {Key}: removed, something it was made from has changed")]
    private partial void LogRemoved(string key);
}
