using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Mags.Protocol;

namespace Mags.Machines.Agent;

/// <summary>
/// Sends files to a guest, no faster than it takes them: neither side holds more than some pieces of them, whatever their
/// size.
/// </summary>
internal static class GuestFiles
{
    private const int PieceBytes = 48 * 1024;

    // A guest that refuses says so at once; one that is gone says nothing.
    private static readonly TimeSpan _reasonLimit = TimeSpan.FromSeconds(5);

    /// <exception cref="MachineException">The guest did not take them.</exception>
    internal static async Task PutAsync(
        AgentChannel channel, IReadOnlyList<MachineFile> files, TimeProvider time, CancellationToken cancellationToken)
    {
        using var call = channel.Client.PutFiles(cancellationToken: cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            foreach (var file in files)
            {
                await PutAsync(call, file, buffer, time, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        try
        {
            await call.RequestStream.CompleteAsync();
            Check(await call.ResponseAsync);
        }
        catch (Exception fault) when (IsOfTheCall(fault))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Lost(fault);
        }
    }

    private static async Task PutAsync(
        AsyncClientStreamingCall<PutFilesInput, PutFilesReply> call,
        MachineFile file,
        byte[] buffer,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using var content = await file.OpenAsync(cancellationToken);
        await SendAsync(new PutFilesInput { Start = new FileStart { Name = file.Name } });
        int count;
        while ((count = await content.ReadAtLeastAsync(buffer.AsMemory(0, PieceBytes), PieceBytes, false, cancellationToken)) > 0)
        {
            // Sound: the message is written when this returns, and the buffer is not used before.
            await SendAsync(new PutFilesInput { Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, count)) });
        }

        await SendAsync(new PutFilesInput { End = true });

        async Task SendAsync(PutFilesInput message)
        {
            try
            {
                await call.RequestStream.WriteAsync(message, cancellationToken);
            }
            catch (Exception fault) when (IsOfTheCall(fault))
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw await ReasonAsync(call, fault, time, cancellationToken);
            }
        }
    }

    /// <summary>Why a call takes no more: the guest's answer has it.</summary>
    private static async Task<Exception> ReasonAsync(
        AsyncClientStreamingCall<PutFilesInput, PutFilesReply> call,
        Exception told,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        try
        {
            Check(await call.ResponseAsync.WaitAsync(_reasonLimit, time, cancellationToken));
            return Lost(told);
        }
        catch (MachineException refused)
        {
            return refused;
        }
        catch (Exception fault) when (IsOfTheCall(fault))
        {
            return Lost(fault);
        }
    }

    private static void Check(PutFilesReply reply)
    {
        if (reply.Failure.Length > 0)
        {
            throw new MachineException(
                MachineFault.Agent, $"the sandbox did not take the uploaded files: {GuestWord.Text(reply.Failure)}");
        }
    }

    private static MachineException Lost(Exception cause) => new(
        MachineFault.Agent, "the sandbox does not answer any more while uploaded files are placed in it", cause);

    // A guest's bytes raise what they like, types of the HTTP stack's own parsers among them.
    private static bool IsOfTheCall(Exception fault) => fault is not MachineException;
}
