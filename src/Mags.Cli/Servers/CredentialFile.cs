using System.Text.Json;

namespace Mags.Cli.Servers;

/// <summary>Reads and writes a file of <see cref="Credentials"/> that only its owner can read.</summary>
internal static class CredentialFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>What the file holds; null when there is none.</summary>
    public static Credentials? Read(string path)
    {
        try
        {
            var credentials = JsonSerializer.Deserialize(
                File.ReadAllBytes(path), CliJsonContext.Default.Credentials);
            if (!string.IsNullOrEmpty(credentials?.Url) && !string.IsNullOrEmpty(credentials.Token))
            {
                return credentials;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CliException($"cannot read {path}: permission denied", innerException: e);
        }
        catch (JsonException)
        {
            // Told below, like a file without a URL or token.
        }

        throw new CliException($"{path} is damaged: it should hold a url and a token; remove it and try again");
    }

    /// <summary>Puts the file there whole or not at all.</summary>
    public static void Write(string path, Credentials credentials)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
            var temporary = path + ".new";
            File.Delete(temporary);
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
            };
            using (var file = new FileStream(temporary, options))
            {
                JsonSerializer.Serialize(file, credentials, CliJsonContext.Default.Credentials);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot write {path}: {e.Message}", innerException: e);
        }
    }
}
