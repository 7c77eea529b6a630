using Mags.Data.Jobs;

namespace Mags.Data.Workspaces;

/// <summary>A job that was not added because of the workspace that it wants.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Workspace">Name of the workspace or base.</param>
/// <param name="There">What is there: the active job's id and name, the image or the size.</param>
/// <param name="Asked">The image that was asked for, when it is that.</param>
public sealed record WorkspaceRefusal(
    WorkspaceRefusalKind Kind, string Workspace, string There, string Asked = "") : JobRefusal;

/// <summary>Why a workspace cannot be had.</summary>
public enum WorkspaceRefusalKind
{
    /// <summary>The base does not exist, or is another user's.</summary>
    NoBase,

    /// <summary>Another job of its user is active in it.</summary>
    Busy,

    /// <summary>It is on another image than was asked for.</summary>
    OtherImage,

    /// <summary>Its disk is larger than was asked for.</summary>
    Larger,

    /// <summary>There is a workspace of that name already.</summary>
    Exists,

    /// <summary>There is no such workspace.</summary>
    Missing,
}
