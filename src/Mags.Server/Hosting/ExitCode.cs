namespace Mags.Server.Hosting;

/// <summary>How <c>magsd</c> ends. Scripts rely on the numbers.</summary>
internal enum ExitCode
{
    /// <summary>It did what was asked.</summary>
    Ok = 0,

    /// <summary>A fault.</summary>
    Fault = 1,

    /// <summary>Bad arguments or configuration.</summary>
    Usage = 2,

    /// <summary>Another server holds this home folder.</summary>
    HomeInUse = 3,

    /// <summary>The address is in use.</summary>
    AddressInUse = 4,

    /// <summary>The home folder cannot be written, or its disk is full.</summary>
    Home = 5,
}
