namespace Mags.Server.OpenApi;

/// <summary>Describes an endpoint's body as a form with a file, and does no more.</summary>
/// <param name="Field">Name of the file's field.</param>
internal sealed record FileBody(string Field);
