using Mags.Data;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Mags.Server.Hosting;

/// <summary>What may go wrong at a start for a reason that the server's user can change, in one sentence each.</summary>
internal static class StartFaults
{
    /// <summary>The fault as its sentence and exit code; null when it is one of the server itself.</summary>
    public static ServerException? Translate(Exception exception, ServerSettings settings) => exception switch
    {
        ServerException known => known,
        OptionsValidationException invalid => Usage(
            $"a setting is not valid: {string.Join("; ", invalid.Failures)}", invalid),
        InvalidDataException invalid => Usage(
            $"{Path.Combine(settings.Home, ServerConfiguration.FileName)} cannot be read: "
            + $"{invalid.InnerException?.Message ?? invalid.Message}",
            invalid),
        InvalidOperationException { InnerException: FormatException or ArgumentException } invalid
            when invalid.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) =>
            Usage($"a setting is not valid: {invalid.Message}", invalid),
        IOException { InnerException: AddressInUseException } taken => new ServerException(
            ExitCode.AddressInUse,
            $"the address is in use ({taken.Message}); stop what listens there, or choose another with --listen or "
            + "MAGS_LISTEN",
            taken),
        DatabaseException fault => Translate(fault, settings),
        IOException full when DiskFault.IsDiskFull(full) => DiskFull(settings, full),
        UnauthorizedAccessException denied => new ServerException(
            ExitCode.Home, $"the home folder {settings.Home} cannot be used: {denied.Message}", denied),
        _ => null,
    };

    private static ServerException Translate(DatabaseException fault, ServerSettings settings) => fault.Reason switch
    {
        DatabaseFault.DiskFull => DiskFull(settings, fault),
        DatabaseFault.ReadOnly => new ServerException(ExitCode.Home, fault.Message, fault),
        _ => new ServerException(ExitCode.Fault, fault.Message, fault),
    };

    private static ServerException DiskFull(ServerSettings settings, Exception cause) => new(
        ExitCode.Home, $"the disk of the home folder {settings.Home} is full; make room and start again", cause);

    private static ServerException Usage(string sentence, Exception cause) => new(ExitCode.Usage, sentence, cause);
}
