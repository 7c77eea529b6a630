namespace Mags.Cluster.Jobs.Logs;

/// <summary>Who wrote a line of a job's log. The numbers are part of the file format: never change them.</summary>
public enum LogSource
{
    /// <summary>The script's standard output.</summary>
    Stdout = 0,

    /// <summary>The script's standard error.</summary>
    Stderr = 1,

    /// <summary>The platform itself.</summary>
    System = 2,
}
