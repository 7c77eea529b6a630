using System.Text;

namespace Mags.Machines.Images;

/// <summary>The users that every image has, whatever it was made from: <c>root</c>, and <c>sshd</c>'s own.</summary>
internal static class SystemUsers
{
    private const string Passwd = "etc/passwd";
    private const string Shadow = "etc/shadow";

    /// <summary>Files that must be there.</summary>
    public static IReadOnlyList<string> Files { get; } = [Passwd];

    /// <summary>The file with the missing users added, when it is one of users; else as it is.</summary>
    public static Stream Complete(string path, Stream content)
    {
        if (path is not (Passwd or Shadow))
        {
            return content;
        }

        using var reader = new StreamReader(content, leaveOpen: true);
        return new MemoryStream(Encoding.UTF8.GetBytes(Complete(path, reader.ReadToEnd())));
    }

    /// <summary>The text of the file with the missing users added.</summary>
    public static string Complete(string path, string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (path == Passwd)
        {
            AddUser(lines, "root", "root:x:0:0:root:/root:/bin/sh");
            AddUser(lines, "sshd", $"sshd:x:{FreeId(lines)}:65534::/run/sshd:/bin/false");
        }
        else
        {
            AddUser(lines, "sshd", "sshd:!:::::::");
        }

        return string.Concat(lines.Select(line => line + "\n"));
    }

    private static void AddUser(List<string> lines, string name, string line)
    {
        if (!lines.Exists(present => present.StartsWith(name + ":", StringComparison.Ordinal)))
        {
            lines.Add(line);
        }
    }

    // 22 is what Alpine's own package gives it.
    private static int FreeId(List<string> lines)
    {
        var taken = lines.Select(line => line.Split(':').ElementAtOrDefault(2)).ToHashSet();
        return Enumerable.Range(22, 978).First(id => !taken.Contains(id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }
}
