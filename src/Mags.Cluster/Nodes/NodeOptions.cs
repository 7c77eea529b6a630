using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Mags.Cluster.Nodes;

/// <summary>Settings of this node's part in the cluster.</summary>
public sealed class NodeOptions
{
    /// <summary>Section name in configuration.</summary>
    public const string Section = "Node";

    /// <summary>
    /// TCP port on which nodes speak to each other, on loopback only: it is not authenticated. No default; see
    /// <see cref="Nodes.SiloPort"/>.
    /// </summary>
    [Range(1, 65535)]
    public int SiloPort { get; set; }
}

/// <summary>Checks <see cref="NodeOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class NodeOptionsValidator : IValidateOptions<NodeOptions>;
