namespace Mags.Agent.Io;

/// <summary>Told by the <see cref="IoLoop"/>, on its thread, that a descriptor is ready. Must not block.</summary>
internal interface IReadyHandler
{
    void OnReady(IoEvents events);
}
