using Mags.Jail;

// Two jobs: "run" confines itself and becomes another program; "view" makes the namespaces that many runs share.
try
{
    switch (args)
    {
        case ["run", .. var rest]:
            Confinement.Enter(RunArguments.Parse(rest));
            return 0;
        case ["view", .. var rest]:
            SharedView.Hold(ViewArguments.Parse(rest));
            return 0;
        default:
            throw new JailException("expected run or view");
    }
}
catch (JailException e)
{
    Standard.WriteError($"mags-jail: {e.Message}");
    return JailException.ExitCode;
}
