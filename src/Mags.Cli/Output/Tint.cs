namespace Mags.Cli.Output;

/// <summary>A colour by meaning; the value is the terminal's code for it.</summary>
internal enum Tint
{
    None = 0,
    Faint = 2,
    Bad = 31,
    Good = 32,
    Active = 33,
}
