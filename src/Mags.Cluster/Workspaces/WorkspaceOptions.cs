using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Workspaces;

/// <summary>Settings of workspaces on this node.</summary>
public sealed class WorkspaceOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Workspaces";

    /// <summary>
    /// How many layers a workspace may have before they are merged in the background. Default 8; up to twice as many where
    /// they are shared with a base or forks, so that these are not copied. Each run adds one; more make starts and reads
    /// slower (16 add 17 ms to a start), fewer copy more often.
    /// </summary>
    [Range(3, 64)]
    public int MaxLayers { get; set; } = 8;
}

/// <summary>Checks <see cref="WorkspaceOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class WorkspaceOptionsValidator : IValidateOptions<WorkspaceOptions>;
