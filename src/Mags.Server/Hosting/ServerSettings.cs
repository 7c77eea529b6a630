namespace Mags.Server.Hosting;

/// <summary>What comes from outside of the home folder.</summary>
/// <param name="Home">Folder that holds everything the server writes.</param>
/// <param name="Listen">URL to listen on; null leaves it to <c>config.json</c> or the default.</param>
/// <param name="Accelerator"><c>auto</c>, <c>kvm</c> or <c>tcg</c>; null leaves it likewise.</param>
internal sealed record ServerSettings(string Home, string? Listen, string? Accelerator);
