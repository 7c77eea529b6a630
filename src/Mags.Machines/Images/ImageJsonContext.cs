using System.Text.Json.Serialization;

namespace Mags.Machines.Images;

/// <summary>JSON of the files in the home's <c>images</c> folder.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class ImageJsonContext : JsonSerializerContext;
