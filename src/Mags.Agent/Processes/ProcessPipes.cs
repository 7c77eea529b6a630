using Mags.Agent.Native;

namespace Mags.Agent.Processes;

/// <summary>The three pipes of a process that is being started; -1 for ends that are not there.</summary>
internal sealed record ProcessPipes(int Input, int Output, int Error, int ChildInput, int ChildOutput, int ChildError)
{
    /// <summary>Makes them. Our ends do not block, the child's do, as programs expect.</summary>
    /// <param name="nullDevice">Standard input of a process without one.</param>
    /// <param name="withInput">Whether standard input is a pipe.</param>
    public static ProcessPipes Make(int nullDevice, bool withInput)
    {
        var (childInput, input) = withInput ? FileDescriptor.MakePipe() : (nullDevice, -1);
        var (output, childOutput) = FileDescriptor.MakePipe();
        var (error, childError) = FileDescriptor.MakePipe();
        FileDescriptor.SetNonBlocking(output);
        FileDescriptor.SetNonBlocking(error);
        if (withInput)
        {
            FileDescriptor.SetNonBlocking(input);
        }

        return new ProcessPipes(input, output, error, childInput, childOutput, childError);
    }

    /// <summary>Closes the child's ends in this process.</summary>
    public void CloseChildEnds()
    {
        FileDescriptor.Close(Input >= 0 ? ChildInput : -1);
        FileDescriptor.Close(ChildOutput);
        FileDescriptor.Close(ChildError);
    }

    /// <summary>Closes our ends, when no process came of it.</summary>
    public void CloseOurEnds()
    {
        FileDescriptor.Close(Input);
        FileDescriptor.Close(Output);
        FileDescriptor.Close(Error);
    }
}
