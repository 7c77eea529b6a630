using Mags.Cli.Output;
using Mags.Cli.Tests.Fakes;

namespace Mags.Cli.Tests.Output;

public sealed class TerminalTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void Progress_UnderASecond_IsSilent()
    {
        var terminal = NewTerminal(isTerminal: true);

        using (terminal.StartProgress("waiting"))
        {
            _cli.Time.Advance(TimeSpan.FromMilliseconds(999));
        }

        Assert.Equal("", _cli.Error.Text);
    }

    [Fact]
    public void Progress_OnATerminal_IsDrawnInPlaceAndCleared()
    {
        var terminal = NewTerminal(isTerminal: true);

        using (terminal.StartProgress("waiting"))
        {
            _cli.Time.Advance(TimeSpan.FromMilliseconds(1120));
        }

        Assert.Equal("\r\e[K⠋ waiting (1 s)\r\e[K⠙ waiting (1 s)\r\e[K", _cli.Error.Text);
    }

    [Fact]
    public void Progress_ThatIsKnown_IsDrawnBesideIt()
    {
        var terminal = NewTerminal(isTerminal: true);

        using (var progress = terminal.StartProgress("uploading a"))
        {
            progress.Detail = "half";
            _cli.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("\r\e[K⠋ uploading a (half, 1 s)\r\e[K", _cli.Error.Text);
    }

    [Fact]
    public void Progress_LineIsWritten_ClearsTheDrawingFirst()
    {
        var terminal = NewTerminal(isTerminal: true);

        using (terminal.StartProgress("waiting"))
        {
            _cli.Time.Advance(TimeSpan.FromSeconds(1));
            terminal.Note("something");
        }

        Assert.Equal("\r\e[K⠋ waiting (1 s)\r\e[Kmags: something\n\r\e[K", _cli.Error.Text);
    }

    [Fact]
    public void Progress_NotOnATerminal_IsOneLine()
    {
        var terminal = NewTerminal(isTerminal: false);

        using (terminal.StartProgress("waiting"))
        {
            _cli.Time.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal("mags: waiting …\n", _cli.Error.Text);
    }

    [Theory]
    [InlineData(true, true, "\e[31mmags:\e[0m wrong\n")]
    [InlineData(true, false, "mags: wrong\n")]
    [InlineData(false, true, "mags: wrong\n")]
    public void Error_Colour_IsForATerminalThatWantsIt(bool isTerminal, bool color, string expected)
    {
        NewTerminal(isTerminal, color).Error("wrong");

        Assert.Equal(expected, _cli.Error.Text);
    }

    [Theory]
    [InlineData("NO_COLOR", "1", true)]
    [InlineData("NO_COLOR", "", false)]
    [InlineData("TERM", "dumb", true)]
    [InlineData("TERM", "xterm", false)]
    public void NoColor_Environment_IsRespected(string name, string value, bool expected)
    {
        var variables = new Dictionary<string, string> { [name] = value };

        Assert.Equal(expected, CliEnvironment.From(variables, isRoot: true).NoColor);
    }

    private Terminal NewTerminal(bool isTerminal, bool color = false) => new(
        Stream.Null, _cli.Output, _cli.Error, new TerminalTraits(false, false, isTerminal, color), _cli.Time);
}
