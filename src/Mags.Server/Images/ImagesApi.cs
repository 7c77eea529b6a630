using Mags.Contracts.Images;
using Mags.Machines;
using Mags.Machines.Images;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Mags.Server.Images;

/// <summary>The images there are.</summary>
internal static class ImagesApi
{
    public static void MapImages(this IEndpointRouteBuilder api) =>
        api.MapGet("/mags-images", List).WithName("ListImages").WithTags("Images")
            .WithSummary("The images that sandboxes can start from.")
            .Produces<ImageListResponse>();

    /// <summary>The images as the API shows them, by name.</summary>
    public static IReadOnlyList<ImageResponse> All(ImageCatalog catalog, MachinesOptions machines) =>
        [.. catalog.List().OrderBy(image => image.Name, StringComparer.Ordinal)
            .Select(image => ToResponse(image, machines))];

    /// <summary>An image as the API shows it.</summary>
    public static ImageResponse ToResponse(Image image, MachinesOptions machines) => new()
    {
        Name = image.Name,
        Digest = image.Digest,
        SizeBytes = image.SizeBytes,
        BuiltAt = image.BuiltAt,
        BuildSeconds = Math.Round(image.BuildTime.TotalSeconds, 3),
        Default = image.Name == machines.DefaultImage,
    };

    private static JsonHttpResult<ImageListResponse> List(
        ImageCatalog catalog, IOptions<MachinesOptions> machines)
    {
        var images = All(catalog, machines.Value);
        return TypedResults.Json(
            new ImageListResponse { Images = images, Total = images.Count }, ServerJson.Context.ImageListResponse);
    }
}
