namespace Mags.Server.OpenApi;

/// <summary>
/// Describes an endpoint's body, and does no more. ASP.NET's own metadata for this would also refuse any other content
/// type, and clients without one (curl's <c>-d</c> says that it sends a form) are served as well.
/// </summary>
/// <param name="Type">Type of the body.</param>
internal sealed record JsonBody(Type Type);
