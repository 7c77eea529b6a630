using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mags.Server.OpenApi;

/// <summary>The description of the API for programs, at <c>/openapi/v1.json</c>.</summary>
internal static class OpenApiExtensions
{
    private const string Bearer = "bearer";
    private const string JsonType = "application/json";
    private const string FormType = "multipart/form-data";

    public static void AddMagsOpenApi(this IServiceCollection services)
    {
        // Schemas follow the same JSON rules as the answers.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ServerJson.Context);
            json.SerializerOptions.PropertyNamingPolicy = ServerJson.Context.Options.PropertyNamingPolicy;
            json.SerializerOptions.DefaultIgnoreCondition = ServerJson.Context.Options.DefaultIgnoreCondition;
            json.SerializerOptions.NumberHandling = ServerJson.Context.Options.NumberHandling;
        });
        services.AddOpenApi(options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddDocumentTransformer(Describe);
            options.AddOperationTransformer(TypeParameters);
            options.AddOperationTransformer(DescribeBodyAsync);
            options.AddOperationTransformer(DescribeFile);
        });
    }

    private static Task Describe(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Mags",
            Version = "v1",
            Description = "Instant sandboxes: a shell script runs in a fresh microVM. Every path under /api/v1 "
                + "answers the same under /api/v2.",
        };

        // Where a server listens is its own affair: the document is the same for all.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer },
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
        return Task.CompletedTask;
    }

    private static async Task DescribeBodyAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var described = context.Description.ActionDescriptor.EndpointMetadata.OfType<JsonBody>().FirstOrDefault();
        if (described is null || context.Document is null)
        {
            return;
        }

        var schema = await context.GetOrCreateSchemaAsync(described.Type, null, cancellationToken);
        context.Document.AddComponent(described.Type.Name, schema);
        var reference = new OpenApiSchemaReference(described.Type.Name, context.Document);
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType> { [JsonType] = new() { Schema = reference } },
        };
    }

    private static Task DescribeFile(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<FileBody>().FirstOrDefault() is { } described)
        {
            var form = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { described.Field },
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    [described.Field] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                },
            };
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { [FormType] = new() { Schema = form } },
            };
        }

        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<BinaryBody>().Any())
        {
            var bytes = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { [BinaryBody.ContentType] = new() { Schema = bytes } },
            };
        }

        return Task.CompletedTask;
    }

    /// <summary>Parameters are read as text, so that a bad one is refused in our words; their types are these.</summary>
    private static Task TypeParameters(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            parameter.Schema = parameter.Name switch
            {
                "page" or "page_size" or "after" or "limit" or "disk_gb" => new OpenApiSchema { Type = JsonSchemaType.Integer },
                "follow" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
                _ => parameter.Schema,
            };
        }

        return Task.CompletedTask;
    }
}
