using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Mags.Data.Tests.Fixtures;

/// <summary>What EF tells its diagnostic listeners about one SQLite file: statements and commits.</summary>
/// <remarks>EF remembers for a second that nobody listens: listen before the first statement.</remarks>
internal sealed class StatementSpy : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly string _file;
    private readonly ConcurrentBag<IDisposable> _subscriptions = [];
    private int _commits;

    public StatementSpy(string file)
    {
        _file = file;
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    /// <summary>Statements with their parameters.</summary>
    public ConcurrentQueue<(string Text, Dictionary<string, object?> Parameters)> Statements { get; } = new();

    /// <summary>Commits so far.</summary>
    public int Commits => Volatile.Read(ref _commits);

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
        {
            _subscriptions.Add(value.Subscribe(this));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == RelationalEventId.CommandExecuting.Name
            && value.Value is CommandEventData { Command: { } command } && command.Connection?.DataSource == _file)
        {
            Statements.Enqueue((
                command.CommandText,
                command.Parameters.Cast<System.Data.Common.DbParameter>()
                    .ToDictionary(parameter => parameter.ParameterName, parameter => parameter.Value)));
        }

        if (value.Key == RelationalEventId.TransactionCommitted.Name
            && value.Value is TransactionEndEventData end
            && end.Context?.Database.GetDbConnection().DataSource == _file)
        {
            Interlocked.Increment(ref _commits);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }
}
