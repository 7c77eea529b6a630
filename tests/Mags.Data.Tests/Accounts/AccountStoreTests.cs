using System.Security.Cryptography;
using System.Text;
using Mags.Data.Accounts;
using Mags.Data.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mags.Data.Tests.Accounts;

public sealed class AccountStoreTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task EnsureUserAsync_Twice_IsTheSameUser(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);

        var made = await database.Accounts.EnsureUserAsync("ada", RunToken);
        var found = await database.Accounts.EnsureUserAsync("ada", RunToken);

        Assert.Equivalent(made, found, strict: true);
        Assert.Equal(database.Time.GetUtcNow(), found.CreatedAt);
    }

    [Theory, EachDatabase]
    public async Task EnsureUserAsync_ManyAtOnceFromTwoProcesses_AreOneUser(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var other = database.OpenAgain().GetRequiredService<AccountStore>();

        var users = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            (number % 2 == 0 ? database.Accounts : other).EnsureUserAsync("ada", RunToken)));

        Assert.Single(users.Select(user => user.Id).Distinct());
    }

    [Theory, EachDatabase]
    public async Task FindByTokenAsync_CreatedToken_GivesItsUser(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var token = await database.Accounts.CreateTokenAsync(ada, "laptop", RunToken);

        var caller = await database.Accounts.FindByTokenAsync(token, RunToken);

        Assert.Equal(new Caller(ada, "ada", "laptop"), caller);
        Assert.Matches("^mags_[0-9A-Za-z]{40}$", token);
    }

    [Theory, EachDatabase]
    public async Task CreateTokenAsync_StoresOnlyTheHash(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var token = await database.Accounts.CreateTokenAsync(await database.AddUserAsync(), "laptop", RunToken);

        var row = await database.Database.ReadAsync(db => db.Tokens.SingleAsync(RunToken), RunToken);

        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(token)), row.Hash);
        Assert.Equal(database.Time.GetUtcNow(), row.CreatedAt);
        Assert.Null(row.RevokedAt);
    }

    [Theory, EachDatabase]
    public async Task FindByTokenAsync_Revoked_IsNullAtOnce(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var token = await database.Accounts.CreateTokenAsync(ada, "laptop", RunToken);
        var kept = await database.Accounts.CreateTokenAsync(ada, "desktop", RunToken);
        Assert.NotNull(await database.Accounts.FindByTokenAsync(token, RunToken));

        await database.Database.WriteAsync(
            db => db.Tokens.Where(row => row.Name == "laptop").ExecuteUpdateAsync(
                set => set.SetProperty(row => row.RevokedAt, database.Time.GetUtcNow()), RunToken),
            RunToken);

        Assert.Null(await database.Accounts.FindByTokenAsync(token, RunToken));
        Assert.NotNull(await database.Accounts.FindByTokenAsync(kept, RunToken));
    }

    [Theory, EachDatabase]
    public async Task FindByTokenAsync_UnknownOrMalformed_IsNull(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var token = await database.Accounts.CreateTokenAsync(await database.AddUserAsync(), "laptop", RunToken);
        string[] wrong =
            ["", "mags_", token + "x", token[..^1], token.ToUpperInvariant(), TokenText.New(), "mags_" + new string('\0', 40)];

        foreach (var text in wrong)
        {
            Assert.Null(await database.Accounts.FindByTokenAsync(text, RunToken));
        }
    }

    [Theory, EachDatabase]
    public async Task CreateTokenAsync_UnknownUser_IsAConflict(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);

        var fault = await Assert.ThrowsAsync<DatabaseException>(
            () => database.Accounts.CreateTokenAsync(Guid.CreateVersion7(), "laptop", RunToken));

        Assert.Equal(DatabaseFault.Conflict, fault.Reason);
    }
}
