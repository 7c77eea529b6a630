using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Mags.Agent.Rpc;

/// <summary>A session as the server's connection.</summary>
internal sealed class SessionConnection : DefaultConnectionContext
{
    private const int ReadBuffer = 32 * 1024;
    private const int WriteBuffer = 16 * 1024;

    private readonly Stream _session;

    public SessionConnection(Stream session, int number)
        : base(number.ToString(CultureInfo.InvariantCulture))
    {
        _session = session;
        var input = PipeReader.Create(
            session, new StreamPipeReaderOptions(bufferSize: ReadBuffer, useZeroByteReads: false, leaveOpen: true));
        var output = PipeWriter.Create(
            session, new StreamPipeWriterOptions(minimumBufferSize: WriteBuffer, leaveOpen: true));
        Transport = new Pipes(input, output);
    }

    public override void Abort(ConnectionAbortedException abortReason) => _session.Dispose();

    public override async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        await base.DisposeAsync();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
