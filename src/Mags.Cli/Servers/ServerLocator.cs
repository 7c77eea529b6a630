namespace Mags.Cli.Servers;

/// <summary>Decides which server a command speaks to. Starts nothing.</summary>
internal sealed class ServerLocator(CliEnvironment environment, ServerHome home)
{
    /// <summary>
    /// A remote server's credentials, or null for the local server. In this order: <c>MAGS_API_URL</c> with a token;
    /// the local server if there has been one (<c>client.json</c>); the login to a remote one; the local server.
    /// </summary>
    public Credentials? FindRemote()
    {
        if (environment.ApiUrl is { } url)
        {
            return environment.ApiToken is { } token
                ? new Credentials { Url = url, Token = token }
                : throw new CliException(
                    "MAGS_API_URL is set, but neither MAGS_API_TOKEN nor MAGS_TOKEN is: "
                    + "set one, or unset MAGS_API_URL");
        }

        return File.Exists(home.ClientFile) ? null : CredentialFile.Read(environment.LoginPath);
    }
}
