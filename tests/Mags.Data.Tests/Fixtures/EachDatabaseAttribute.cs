using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Mags.Data.Tests.Fixtures;

/// <summary>Runs a test once on each engine; one that is not installed shows as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EachDatabaseAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
        MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([
            new TheoryDataRow<string>(DataOptions.Sqlite),
            new TheoryDataRow<string>(DataOptions.Postgres)
            {
                Skip = PostgresServer.Programs is null
                    ? "PostgreSQL is not installed (/usr/lib/postgresql/*/bin/initdb)"
                    : null,
            },
        ]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
