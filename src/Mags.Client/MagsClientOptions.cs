namespace Mags.Client;

/// <summary>Where the server is and who calls.</summary>
public sealed record MagsClientOptions
{
    /// <summary>
    /// Address of the server, for example <c>http://127.0.0.1:7420</c>. A path of its own is kept;
    /// <c>/api/v1</c> is added when it does not end in <c>/api/v1</c> or <c>/api/v2</c>. Required.
    /// </summary>
    public required string BaseUrl { get; init; }

    /// <summary>The token that every call carries. Required; it is never part of a message.</summary>
    public required string Token { get; init; }

    /// <summary>
    /// Longest time that one call may take, a followed log excepted; default 100 seconds.
    /// A lower value gives up sooner on a slow server, which may still carry out what was asked.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Longest time that a broken log stream is dialled again without a single new line; default 60 seconds.
    /// A lower value gives up sooner on a server that restarts.
    /// </summary>
    public TimeSpan ReconnectTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Clock of time-outs and waits; default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
