using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mags.Contracts;

namespace Mags.Cli.Output;

/// <summary>
/// Everything that a user sees goes through here: results on standard output, all else on standard error. Safe to
/// use while a <see cref="Progress"/> is drawn.
/// </summary>
internal sealed class Terminal
{
    private const string EmptyLine = "\r\e[K";

    private readonly Lock _lock = new();
    private readonly TerminalTraits _traits;
    private readonly Stream _input;
    private readonly Stream _bytes;
    private readonly TimeProvider _time;
    private readonly LineBuffer _output;
    private readonly LineBuffer _error;
    private Progress? _progress;

    public Terminal(Stream input, Stream output, Stream error, TerminalTraits traits, TimeProvider time)
    {
        _input = input;
        _bytes = output;
        _output = new LineBuffer(output);
        _error = new LineBuffer(error);
        _traits = traits;
        _time = time;
    }

    /// <summary>Whether a person can be asked.</summary>
    public bool CanAsk => _traits is { InputIsTerminal: true, ErrorIsTerminal: true };

    /// <summary>Whether standard error is read by a person.</summary>
    public bool IsInteractive => _traits.ErrorIsTerminal;

    /// <summary>A line of the result.</summary>
    public void WriteLine(string line)
    {
        WriteOutput(line);
        Flush();
    }

    /// <summary>A text of many lines, the result itself.</summary>
    public void WriteText(string text) => WriteBlock(_output, _error, text);

    /// <summary>A text of many lines that answers a mistake.</summary>
    public void WriteErrorText(string text) => WriteBlock(_error, _output, text);

    /// <summary>A line of the result that may wait in the buffer until <see cref="Flush"/>.</summary>
    public void WriteOutput(string line) => Write(_output, _error, line);

    /// <summary>A line on standard error that may wait in the buffer until <see cref="Flush"/>.</summary>
    public void WriteError(string line) => Write(_error, _output, line);

    /// <summary>The platform's own word within a job's output, told apart from the script's.</summary>
    public void WriteSystem(string line) => WriteError(Paint($"mags: {line}", Tint.Faint, _traits.ErrorIsTerminal));

    /// <summary>What the user should know, on standard error.</summary>
    public void Note(string sentence)
    {
        WriteError($"mags: {sentence}");
        Flush();
    }

    /// <summary>What went wrong, and what to do.</summary>
    public void Error(string sentence)
    {
        WriteError($"{Paint("mags:", Tint.Bad, _traits.ErrorIsTerminal)} {sentence}");
        Flush();
    }

    /// <summary>A value as one line of JSON.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type) => WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>What the server says of something it did: its sentence, or all of it as JSON.</summary>
    public void Answer(ActionResponse answer, bool json)
    {
        if (json)
        {
            Json(answer, MagsJsonContext.Default.ActionResponse);
        }
        else
        {
            WriteLine(answer.Message);
        }
    }

    /// <summary>An aligned table with a heading.</summary>
    public void Table(IReadOnlyList<string> heading, IReadOnlyList<IReadOnlyList<Cell>> rows)
    {
        foreach (var line in TableLayout.Lines(heading, rows, PaintOutput))
        {
            WriteOutput(line);
        }

        Flush();
    }

    /// <summary>Names and values, one pair a line, aligned; pairs without a value are left out.</summary>
    public void Fields(params IEnumerable<(string Name, Cell Value)> fields)
    {
        var shown = fields.Where(f => f.Value.Text.Length > 0).ToList();
        var width = shown.Count == 0 ? 0 : shown.Max(f => f.Name.Length);
        foreach (var (name, value) in shown)
        {
            var text = PaintOutput(TableLayout.OneLine(value.Text), value.Tint);
            WriteOutput($"{(name + ":").PadRight(width + 1)} {text}");
        }

        Flush();
    }

    /// <summary>Makes everything written so far visible.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _output.Flush();
            _error.Flush();
        }
    }

    /// <summary>
    /// Tells on standard error, if it lasts longer than a second, what is being waited for: drawn in place on a
    /// terminal until disposed, else one plain line.
    /// </summary>
    public Progress StartProgress(string what)
    {
        var progress = new Progress(this, what, _traits.ErrorIsTerminal, _time);
        lock (_lock)
        {
            _progress = progress;
        }

        return progress;
    }

    /// <summary>Standard output for a result that is no text; it is then all of the result.</summary>
    /// <exception cref="CliException">It would be shown to a person.</exception>
    public Stream OpenOutput() => _traits.OutputIsTerminal
        ? throw new CliException("standard output is a terminal; name a file, or send it on: | COMMAND", ExitCodes.Usage)
        : _bytes;

    /// <summary>Standard input as bytes.</summary>
    /// <exception cref="CliException">A person would have to type them.</exception>
    public Stream OpenInput() => _traits.InputIsTerminal
        ? throw new CliException("standard input is a terminal; name a file, or feed it: < FILE", ExitCodes.Usage)
        : _input;

    /// <summary>All of standard input.</summary>
    public async Task<byte[]> ReadInputAsync(CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        await _input.CopyToAsync(all, cancellationToken).WaitAsync(cancellationToken);
        return all.ToArray();
    }

    /// <summary>Asks a person, who must be there (<see cref="CanAsk"/>), for a line.</summary>
    public async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _error.Append(question);
            _error.Flush();
        }

        using var reader = new StreamReader(_input, leaveOpen: true);
        return (await reader.ReadLineAsync(cancellationToken))?.Trim() ?? string.Empty;
    }

    /// <summary>A secret: typed without echo on a terminal, else the first line of standard input.</summary>
    public async Task<string> ReadSecretAsync(string prompt, CancellationToken cancellationToken)
    {
        if (!CanAsk)
        {
            using var reader = new StreamReader(_input, leaveOpen: true);
            return (await reader.ReadLineAsync(cancellationToken))?.Trim() ?? string.Empty;
        }

        lock (_lock)
        {
            _error.Append(prompt);
            _error.Flush();
        }

        var secret = await Task.Run(SecretPrompt.ReadLine, cancellationToken).WaitAsync(cancellationToken);
        WriteError(string.Empty);
        Flush();
        return secret.Trim();
    }

    /// <summary>Draws over the line that the cursor stands on, on standard error.</summary>
    internal void Draw(Progress progress, string text)
    {
        lock (_lock)
        {
            if (_progress == progress)
            {
                _error.Append(EmptyLine + text);
                _error.Flush();
            }
        }
    }

    internal void End(Progress progress)
    {
        lock (_lock)
        {
            if (_progress == progress)
            {
                ClearProgress();
                _progress = null;
            }
        }
    }

    private void Write(LineBuffer buffer, LineBuffer other, string line)
    {
        lock (_lock)
        {
            ClearProgress();
            // Both may lead to one terminal or file: what was written first comes first.
            other.Flush();
            buffer.Append(line);
            buffer.Append("\n");
        }
    }

    private void WriteBlock(LineBuffer buffer, LineBuffer other, string text)
    {
        if (text.Length > 0)
        {
            Write(buffer, other, text.TrimEnd('\n'));
            Flush();
        }
    }

    private void ClearProgress()
    {
        if (_progress is { IsDrawn: true })
        {
            _error.Append(EmptyLine);
            _error.Flush();
        }
    }

    private string PaintOutput(string text, Tint tint) => Paint(text, tint, _traits.OutputIsTerminal);

    private string Paint(string text, Tint tint, bool isTerminal) =>
        _traits.Color && isTerminal && tint != Tint.None ? $"\e[{(int)tint}m{text}\e[0m" : text;
}
