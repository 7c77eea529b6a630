namespace Mags.Server.OpenApi;

/// <summary>Describes an endpoint's body as bytes, and does no more.</summary>
internal sealed record BinaryBody
{
    public const string ContentType = "application/octet-stream";
}
