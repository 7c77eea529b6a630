using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Server.Hosting;

/// <summary>Settings of the server itself.</summary>
internal sealed class ServerOptions : IValidatableObject
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Server";

    /// <summary>
    /// URL to listen on. Default <c>http://127.0.0.1:7420</c>; port 0 takes a free one, which <c>client.json</c> then
    /// names. Set from <c>--listen</c> or <c>MAGS_LISTEN</c> when given.
    /// </summary>
    [Required]
    public string Listen { get; set; } = "http://127.0.0.1:7420";

    /// <summary>Name of the first user, made at the first start. Default <c>admin</c>.</summary>
    [Required]
    public string FirstUser { get; set; } = "admin";

    /// <summary>Whether <see cref="Listen"/> is a URL that can be listened on.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // A host of * or + is every address, which is no URL in the strict sense.
        var url = Listen.Replace("//*", "//0.0.0.0", StringComparison.Ordinal)
            .Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
        return Uri.TryCreate(url, UriKind.Absolute, out var parsed)
            && parsed.Scheme == Uri.UriSchemeHttp && parsed.PathAndQuery == "/"
            ? []
            : [new ValidationResult($"Listen: `{Listen}` must be like http://127.0.0.1:7420", [nameof(Listen)])];
    }
}

/// <summary>Checks <see cref="ServerOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;
