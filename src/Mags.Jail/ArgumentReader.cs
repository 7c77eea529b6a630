using System.Globalization;

namespace Mags.Jail;

/// <summary>Reads options that each have one value.</summary>
internal sealed class ArgumentReader(ReadOnlyMemory<string> arguments)
{
    private int _next;

    /// <summary>The next option, or null at the end or at <c>--</c>, which is passed over.</summary>
    internal string? NextOption()
    {
        if (_next == arguments.Length)
        {
            return null;
        }

        var option = arguments.Span[_next++];
        return option == "--" ? null : option;
    }

    /// <summary>The value of the option read last.</summary>
    internal string Text() => _next < arguments.Length
        ? arguments.Span[_next++]
        : throw new JailException("an option lacks its value");

    /// <summary>The value of the option read last, a number.</summary>
    internal long Number()
    {
        var text = Text();
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new JailException($"{text} is not a number");
    }

    /// <summary>What is left.</summary>
    internal string[] Rest() => arguments[_next..].ToArray();
}
