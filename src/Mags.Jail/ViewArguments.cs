namespace Mags.Jail;

/// <summary>What <c>mags-jail view</c> is told.</summary>
internal sealed record ViewArguments
{
    /// <summary>An existing folder; the view is built over it, where nobody else sees it.</summary>
    internal string Root { get; private set; } = "";

    /// <summary>Pipe that gets one byte when the view stands.</summary>
    internal int Ready { get; private set; } = -1;

    /// <summary>Pipe whose end of file lets the process end.</summary>
    internal int Hold { get; private set; } = -1;

    /// <summary>Files and folders to show, read-only, each at its own path.</summary>
    internal List<string> Shown { get; } = [];

    /// <summary>Devices to show, each at its own path.</summary>
    internal List<string> Devices { get; } = [];

    /// <summary>Empty folders.</summary>
    internal List<string> Folders { get; } = [];

    /// <summary>Parses <c>--root FOLDER --ready FD --hold FD [--show PATH]… [--device PATH]… [--folder PATH]…</c>.</summary>
    internal static ViewArguments Parse(string[] arguments)
    {
        var reader = new ArgumentReader(arguments);
        var parsed = new ViewArguments();
        while (reader.NextOption() is { } option)
        {
            switch (option)
            {
                case "--root":
                    parsed.Root = reader.Text();
                    break;
                case "--ready":
                    parsed.Ready = (int)reader.Number();
                    break;
                case "--hold":
                    parsed.Hold = (int)reader.Number();
                    break;
                case "--show":
                    parsed.Shown.Add(reader.Text());
                    break;
                case "--device":
                    parsed.Devices.Add(reader.Text());
                    break;
                case "--folder":
                    parsed.Folders.Add(reader.Text());
                    break;
                default:
                    throw new JailException($"{option} is no option of view");
            }
        }

        return parsed;
    }
}
