using Grpc.Core;
using Mags.Protocol;

namespace Mags.Machines.Agent;

/// <summary>
/// The call to a guest that first gives a machine its identity and then runs its first process. It may be open long
/// before: what its beginning costs in the guest is paid then.
/// </summary>
internal sealed class GuestCall : IDisposable
{
    private AsyncDuplexStreamingCall<ExecInput, ExecOutput>? _call;

    private GuestCall(AsyncDuplexStreamingCall<ExecInput, ExecOutput> call) => _call = call;

    /// <summary>Opens one, which may not have arrived yet.</summary>
    internal static GuestCall Open(AgentChannel channel) => new(channel.Client.Exec());

    /// <summary>Opens one that the guest waits in when this returns: so its machine can be stopped.</summary>
    internal static async Task<GuestCall> OpenAheadAsync(AgentChannel channel, CancellationToken cancellationToken)
    {
        var call = Open(channel);
        try
        {
            // The guest reads what comes in its order.
            _ = await channel.Client.HelloAsync(new HelloRequest(), cancellationToken: cancellationToken);
            return call;
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    /// <summary>Claims the machine, or prepares it.</summary>
    /// <param name="identity">The message that does it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MachineException">The guest answered something else.</exception>
    internal async Task<ClaimReply> IdentifyAsync(ExecInput identity, CancellationToken cancellationToken)
    {
        var call = _call!;
        await call.RequestStream.WriteAsync(identity, cancellationToken);
        return await call.ResponseStream.MoveNext(cancellationToken) && call.ResponseStream.Current.Claimed is { } claimed
            ? claimed
            : throw new MachineException(MachineFault.Agent, "The guest did not answer to its claim.");
    }

    /// <summary>The call, for the process that it goes on with. It is the taker's then.</summary>
    internal AsyncDuplexStreamingCall<ExecInput, ExecOutput>? Take() => Interlocked.Exchange(ref _call, null);

    public void Dispose() => Take()?.Dispose();
}
