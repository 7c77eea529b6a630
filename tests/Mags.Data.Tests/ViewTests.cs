using Mags.Data.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Tests;

/// <summary>A read of several statements sees none of what others write in between, and holds nobody up.</summary>
public sealed class ViewTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task ReadWholeAsync_WhatIsWrittenBetweenItsStatements_IsSeenByTheNextRead(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();

        var (before, after) = await database.Database.ReadWholeAsync(
            async db =>
            {
                var first = await db.Jobs.CountAsync();
                await database.AddJobAsync(ada);
                return (first, await db.Jobs.CountAsync());
            },
            RunToken);

        Assert.Equal((0, 0), (before, after));
        Assert.Equal(1, await database.Database.ReadWholeAsync(db => db.Jobs.CountAsync(), RunToken));
    }
}
