using System.Globalization;

namespace Mags.Agent.Native;

/// <summary>Linux error numbers, and how they are told.</summary>
internal static class Errno
{
    public const int NotFound = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int TooBig = 7;
    public const int NotExecutable = 8;
    public const int NoChild = 10;
    public const int TryAgain = 11;
    public const int OutOfMemory = 12;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int NoDevice = 19;
    public const int NotDirectory = 20;
    public const int Invalid = 22;
    public const int NoSpace = 28;
    public const int BrokenPipe = 32;

    public static string Describe(int error) => error switch
    {
        1 => "operation not permitted",
        NotFound => "no such file or directory",
        5 => "input/output error",
        TooBig => "argument list too long",
        NotExecutable => "exec format error",
        TryAgain => "resource temporarily unavailable",
        OutOfMemory => "out of memory",
        AccessDenied => "permission denied",
        16 => "device or resource busy",
        Exists => "file exists",
        NoDevice => "no such device",
        NotDirectory => "not a directory",
        21 => "is a directory",
        Invalid => "invalid argument",
        24 => "too many open files",
        NoSpace => "no space left on device",
        30 => "read-only file system",
        _ => "error " + error.ToString(CultureInfo.InvariantCulture),
    };
}
