using Microsoft.EntityFrameworkCore;

namespace Mags.Data.Accounts;

/// <summary>Users and tokens in the database. A fault of the database is a <see cref="DatabaseException"/>.</summary>
public sealed class AccountStore
{
    private readonly Database _database;
    private readonly TimeProvider _time;

    private readonly Func<MagsDbContext, string, Task<UserRow?>> _userByName = EF.CompileAsyncQuery(
        (MagsDbContext db, string name) => db.Users.FirstOrDefault(user => user.Name == name));

    // Asked on every request. It is not cached: a revoked token is refused from that moment on, on every node.
    private readonly Func<MagsDbContext, byte[], Task<Caller?>> _callerByHash = EF.CompileAsyncQuery(
        (MagsDbContext db, byte[] hash) => db.Tokens
            .Where(token => token.Hash == hash && token.RevokedAt == null)
            .Join(db.Users, token => token.UserId, user => user.Id,
                (token, user) => new Caller(user.Id, user.Name, token.Name))
            .FirstOrDefault());

    internal AccountStore(Database database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>The user of this name, made when there is none.</summary>
    public async Task<UserRow> EnsureUserAsync(string name, CancellationToken cancellationToken)
    {
        var known = await FindUserAsync(name, cancellationToken);
        if (known is not null)
        {
            return known;
        }

        var now = _time.GetUtcNow();
        var user = new UserRow { Id = Guid.CreateVersion7(now), Name = name, CreatedAt = now };
        try
        {
            await AddAsync(user, cancellationToken);
            return user;
        }
        catch (DatabaseException fault) when (fault.Reason == DatabaseFault.Conflict)
        {
            // Another caller made it in between.
            var made = await FindUserAsync(name, cancellationToken);
            if (made is null)
            {
                throw;
            }

            return made;
        }
    }

    /// <summary>Makes a token of a user. Durable when it returns.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="name">What its owner calls it.</param>
    /// <param name="cancellationToken">Takes the write back while it waits.</param>
    /// <returns>The token's text, which is kept nowhere.</returns>
    public async Task<string> CreateTokenAsync(Guid userId, string name, CancellationToken cancellationToken)
    {
        var text = TokenText.New();
        var now = _time.GetUtcNow();
        var token = new TokenRow
        {
            Id = Guid.CreateVersion7(now),
            UserId = userId,
            Name = name,
            Hash = TokenText.Hash(text),
            CreatedAt = now,
        };
        await AddAsync(token, cancellationToken);
        return text;
    }

    /// <summary>Whom a token stands for; null when it is unknown, malformed or revoked.</summary>
    public async Task<Caller?> FindByTokenAsync(string token, CancellationToken cancellationToken)
    {
        if (!TokenText.IsWellFormed(token))
        {
            return null;
        }

        var hash = TokenText.Hash(token);
        return await _database.ReadAsync(db => _callerByHash(db, hash), cancellationToken);
    }

    private Task<UserRow?> FindUserAsync(string name, CancellationToken cancellationToken) =>
        _database.ReadAsync(db => _userByName(db, name), cancellationToken);

    private Task<int> AddAsync(object row, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async db =>
            {
                db.Add(row);
                return await db.SaveChangesAsync(CancellationToken.None);
            },
            cancellationToken);
}
