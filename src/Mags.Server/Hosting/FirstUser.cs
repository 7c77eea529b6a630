using Mags.Data.Accounts;
using Mags.Machines;
using Microsoft.Extensions.Options;

namespace Mags.Server.Hosting;

/// <summary>Sees to it that there is a first user, and that whoever may read the home folder has a token of it.</summary>
internal sealed class FirstUser(AccountStore accounts, IOptions<ServerOptions> options, IOptions<MachinesOptions> machines)
{
    private const string TokenName = "local";

    /// <summary>A valid token of the first user: the kept one while it is valid, else a new one.</summary>
    public async Task<string> EnsureTokenAsync(CancellationToken cancellationToken)
    {
        var kept = await ClientFile.ReadAsync(machines.Value.Home, cancellationToken);
        if (kept is not null && await accounts.FindByTokenAsync(kept.Token, cancellationToken) is not null)
        {
            return kept.Token;
        }

        var user = await accounts.EnsureUserAsync(options.Value.FirstUser, cancellationToken);
        return await accounts.CreateTokenAsync(user.Id, TokenName, cancellationToken);
    }
}
