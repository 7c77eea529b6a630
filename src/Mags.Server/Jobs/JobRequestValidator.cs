using System.Text;
using Mags.Contracts.Jobs;
using Mags.Machines;
using Mags.Machines.Images;
using Mags.Machines.Network;
using Mags.Server.Errors;
using Mags.Server.Workspaces;
using Microsoft.Extensions.Options;

namespace Mags.Server.Jobs;

/// <summary>
/// Checks a request for a job against the contract and this server's limits. A field that carries its default asks
/// for nothing; whatever cannot be given is refused, never ignored.
/// </summary>
internal sealed class JobRequestValidator(
    IOptions<JobLimitOptions> limits,
    JobSizes sizes,
    ImageCatalog images,
    IOptions<MachinesOptions> machines,
    IOptions<NetworkOptions> network)
{
    private const string InlineType = "inline";
    private const string StandardImage = "standard";
    private const int MaxCommandBytes = 128 * 1024;
    private const string MicroVm = "microvm";
    private static readonly string[] _reservedNames = ["usage", "pool-status"];

    private JobLimitOptions Limits => limits.Value;

    /// <summary>What the request asks for, or why it is refused; exactly one of the two is set.</summary>
    public (JobSpec? Spec, ErrorResult? Error) Validate(CreateJobRequest request)
    {
        var error = NulRules.Check(request)
            ?? CheckScript(request)
            ?? CheckName(request)
            ?? EnvironmentRules.Check(request.Environment, Limits)
            ?? Range("disk_gb", request.DiskGb, 1, Limits.MaxDiskGb, nameof(Limits.MaxDiskGb))
            ?? Range("vcpus", request.Vcpus, 1, sizes.MaxVcpus, nameof(Limits.MaxVcpus))
            ?? Range("memory_mb", request.MemoryMb, JobSizes.MinMemoryMib, sizes.MaxMemoryMib, nameof(Limits.MaxMemoryMib))
            ?? CheckTimeout(request)
            ?? CheckStartupCommand(request)
            ?? CheckImage(request)
            ?? CheckIsolation(request)
            ?? FileRules.Check(request, Limits)
            ?? WorkspaceRules.Check(request)
            ?? CheckSleep(request);
        return error is null ? (SpecOf(request), null) : (null, error);
    }

    private JobSpec SpecOf(CreateJobRequest request) => new()
    {
        Script = request.Script!,
        Name = Given(request.Name),
        Environment = EnvironmentRules.Entries(request.Environment),
        Image = ImageOf(request) ?? machines.Value.DefaultImage,
        Isolation = MicroVm,
        Vcpus = sizes.VcpusFor(request.Vcpus),
        MemoryMib = sizes.MemoryMibFor(request.MemoryMb),
        DiskGb = request.DiskGb ?? Limits.DefaultDiskGb,
        Workspace = WorkspaceRules.WishOf(request, ImageOf(request)),
        Files = FileRules.IdsOf(request),
        // A sandbox that stays may run a service for ever.
        TimeoutSeconds = request.Timeout ?? (request.Persistent == true ? null : Limits.DefaultTimeoutSeconds),
        Persistent = request.Persistent == true,
        NoSync = request.NoSync == true,
        NoSleep = request.NoSleep == true,
        StartupCommand = Given(request.StartupCommand),
        // Nobody asked, so a node that can give none is no reason to refuse.
        Network = request.Network ?? (network.Value.Default ? null : false),
    };

    private ErrorResult? CheckScript(CreateJobRequest request)
    {
        if (Given(request.Script) is not { } script)
        {
            return ErrorResult.BadRequest("field `script` is missing: it is the shell script to run");
        }

        if (Given(request.Type) is not { } type)
        {
            return ErrorResult.BadRequest("field `type` is missing: it must be `inline`");
        }

        if (type != InlineType)
        {
            return ErrorResult.BadRequest($"field `type` must be `inline`, not `{Shorten(type)}`");
        }

        var size = Encoding.UTF8.GetByteCount(script);
        return size > Limits.MaxScriptBytes
            ? ErrorResult.BadRequest(
                $"field `script` is {size} bytes long; the limit is {Limits.MaxScriptBytes} bytes "
                + "(JobLimits:MaxScriptBytes)")
            : null;
    }

    private ErrorResult? CheckName(CreateJobRequest request)
    {
        if (Given(request.Name) is not { } name)
        {
            return null;
        }

        var length = name.EnumerateRunes().Count();
        if (length > Limits.MaxNameLength)
        {
            return ErrorResult.BadRequest(
                $"field `name` is {length} characters long; the limit is {Limits.MaxNameLength} "
                + "(JobLimits:MaxNameLength)");
        }

        return _reservedNames.Contains(name)
            ? ErrorResult.BadRequest($"field `name` must not be `{name}`: that is a path of the API")
            : null;
    }

    private static ErrorResult? Range(string field, int? value, int min, int max, string setting) =>
        value is { } asked && (asked < min || asked > max)
            ? ErrorResult.BadRequest(
                $"field `{field}` is {asked}; it must be from {min} to {max} on this server (JobLimits:{setting})")
            : null;

    private static ErrorResult? CheckTimeout(CreateJobRequest request) =>
        request.Timeout is <= 0
            ? ErrorResult.BadRequest($"field `timeout` is {request.Timeout}; it must be a positive number of seconds")
            : null;

    private static ErrorResult? CheckSleep(CreateJobRequest request) =>
        request.NoSleep == true && request.Persistent != true
            ? ErrorResult.BadRequest("field `no_sleep` needs `persistent: true`: no other job sleeps")
            : null;

    private static ErrorResult? CheckStartupCommand(CreateJobRequest request) =>
        request.StartupCommand is { } command && Encoding.UTF8.GetByteCount(command) >= MaxCommandBytes
            ? ErrorResult.BadRequest(
                $"field `startup_command` is too long: it must be under {MaxCommandBytes} bytes, as the kernel takes no more")
            : null;

    private ErrorResult? CheckImage(CreateJobRequest request)
    {
        var (image, alias) = (Given(request.Image), Given(request.RootfsType));
        if (image is not null && alias is not null && image != alias)
        {
            return ErrorResult.BadRequest(
                $"fields `image` and `rootfs_type` are two names of one thing, but say `{Shorten(image)}` and "
                + $"`{Shorten(alias)}`; give one");
        }

        // The default image is accepted while it is still being made: the job waits for it.
        var wanted = ImageOf(request);
        if (wanted is null || wanted == machines.Value.DefaultImage || images.Find(wanted) is not null)
        {
            return null;
        }

        var known = images.List().Select(known => known.Name).Append(machines.Value.DefaultImage)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var field = image is null ? "rootfs_type" : "image";
        return ErrorResult.BadRequest(
            $"field `{field}`: there is no image `{Shorten(wanted)}`; there are: {string.Join(", ", known)}");
    }

    private static ErrorResult? CheckIsolation(CreateJobRequest request) =>
        Given(request.Isolation) is { } isolation && isolation != MicroVm
            ? ErrorResult.BadRequest(
                $"field `isolation`: there is no kind `{Shorten(isolation)}`; there are: {MicroVm}")
            : null;

    /// <summary>The image asked for; null is the default one.</summary>
    private static string? ImageOf(CreateJobRequest request)
    {
        var image = Given(request.Image) ?? Given(request.RootfsType);
        return image == StandardImage ? null : image;
    }

    /// <summary>An empty string asks for nothing, as null does.</summary>
    private static string? Given(string? value) => string.IsNullOrEmpty(value) ? null : value;

    /// <summary>What a client sent, short enough to be sent back.</summary>
    private static string Shorten(string value) => value.Length <= 64 ? value : $"{value[..64]}…";
}
