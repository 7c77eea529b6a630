namespace Mags.Cli.Tests.Fakes;

/// <summary>What a user sees of a command that has ended.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Err);
