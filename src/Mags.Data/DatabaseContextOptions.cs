using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Mags.Data;

/// <summary>Settings that the contexts of both engines share.</summary>
internal static class DatabaseContextOptions
{
    public static DbContextOptionsBuilder<TContext> Create<TContext>(ILoggerFactory loggers)
        where TContext : MagsDbContext =>
        new DbContextOptionsBuilder<TContext>()
            .UseLoggerFactory(loggers)
            .ConfigureWarnings(warnings => warnings.Log(
                // A line a statement is for debugging; a failed one reaches its caller, who knows what it means.
                (RelationalEventId.CommandExecuted, LogLevel.Debug),
                (RelationalEventId.CommandError, LogLevel.Debug),
                (CoreEventId.SaveChangesFailed, LogLevel.Debug)));
}
