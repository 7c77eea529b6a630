namespace Mags.Machines.Templates;

/// <summary>What runs once in a template, so that common programs' pages are in memory in every clone.</summary>
internal static class WarmUp
{
    /// <summary>Shell commands. One that an image lacks fails and does no harm.</summary>
    internal static IReadOnlyList<string> Commands { get; } =
    [
        "echo; true; ls -l / >/dev/null; cat /etc/os-release >/dev/null; env >/dev/null; id >/dev/null; uname -a",
        "mkdir -p /tmp/w && touch /tmp/w/f && cp /tmp/w/f /tmp/w/g && rm -r /tmp/w; sleep 0; date; head -c 1 /etc/passwd",
        "bash -c 'echo; for i in 1 2; do :; done'",
        "python3 -c 'import json, os, subprocess, sys; print(1)'",
        "git --version; curl --version",
    ];
}
