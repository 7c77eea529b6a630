using System.Collections.Concurrent;
using Mags.Machines.Tools;
using Microsoft.Extensions.Logging;

namespace Mags.Machines.Templates;

/// <summary>
/// The templates of this node: loaded from the home folder, or booted when missing. Whoever asks for one while it is made
/// waits for that one; a waiter that gives up does not stop the others.
/// </summary>
internal sealed partial class TemplateStore(
    HomeFolders folders, TemplateBooter booter, TimeProvider time, ILogger<TemplateStore> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Template>>> _templates = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>The template of a recipe.</summary>
    /// <exception cref="MachineException">It could not be made; the next call tries again.</exception>
    internal async Task<Template> GetAsync(TemplateRecipe recipe, CancellationToken cancellationToken)
    {
        var key = recipe.Key;
        var entry = _templates.GetOrAdd(key, _ => new Lazy<Task<Template>>(() => Task.Run(() => MakeAsync(recipe))));
        try
        {
            return await entry.Value.WaitAsync(cancellationToken);
        }
        catch when (entry.Value.IsFaulted || entry.Value.IsCanceled)
        {
            _ = _templates.TryRemove(KeyValuePair.Create(key, entry));
            throw;
        }
    }

    /// <summary>Removes templates on disk that nothing can use any more.</summary>
    /// <param name="isCurrent">Whether the template of this key, with this description, may still be used.</param>
    internal void RemoveOutdated(Func<string, TemplateMeta, bool> isCurrent)
    {
        if (!Directory.Exists(folders.Templates))
        {
            return;
        }

        foreach (var folder in Directory.GetDirectories(folders.Templates))
        {
            var key = Path.GetFileName(folder);
            if (TemplateFolder.ReadMeta(folder) is not { } meta || !isCurrent(key, meta))
            {
                LogRemoved(key);
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var entry in _templates.Values)
        {
            await ((Task)entry.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (entry.Value.IsCompletedSuccessfully)
            {
                (await entry.Value).Close();
            }
        }

        _stopping.Dispose();
    }

    private async Task<Template> MakeAsync(TemplateRecipe recipe)
    {
        var folder = Path.Combine(folders.Templates, recipe.Key);
        _ = Directory.CreateDirectory(folders.Templates);
        // Another process of the same home (magsd setup beside magsd run) may be making it.
        using var held = await HomeLock.TakeAsync(folder + ".lock", time, new Progress<string>(), _stopping.Token);
        if (TemplateFolder.Load(folder, recipe) is { } template)
        {
            LogLoaded(recipe.Key);
            return template;
        }

        return await booter.MakeAsync(recipe, _stopping.Token);
    }

    [LoggerMessage(LogLevel.Information, "Template {Key}: loaded")]
    private partial void LogLoaded(string key);

    [LoggerMessage(LogLevel.Information, "Template {Key}: removed, something it was made from has changed")]
    private partial void LogRemoved(string key);
}
