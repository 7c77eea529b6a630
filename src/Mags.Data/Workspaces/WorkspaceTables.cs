using Mags.Data.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mags.Data.Workspaces;

/// <summary>Tables of workspaces and their layers.</summary>
internal sealed class WorkspaceTables : IEntityTypeConfiguration<WorkspaceRow>, IEntityTypeConfiguration<LayerRow>
{
    public void Configure(EntityTypeBuilder<WorkspaceRow> builder)
    {
        builder.ToTable("workspaces");
        builder.Property(workspace => workspace.Id).ValueGeneratedNever();
        builder.HasOne<UserRow>().WithMany().HasForeignKey(workspace => workspace.UserId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(workspace => new { workspace.UserId, workspace.Name }, "ix_workspaces_name").IsUnique();

        // Whether a layer is still needed is asked by it.
        builder.HasOne<LayerRow>().WithMany().HasForeignKey(workspace => workspace.TopLayerId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<LayerRow>().WithMany().HasForeignKey(workspace => workspace.OpenLayerId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex([nameof(WorkspaceRow.TopLayerId)], "ix_workspaces_top");
        builder.HasIndex([nameof(WorkspaceRow.OpenLayerId)], "ix_workspaces_open");

        // What is not in the object store yet is looked for at each start.
        builder.HasIndex([nameof(WorkspaceRow.Id)], "ix_workspaces_persistent").HasFilter("persistent");
    }

    public void Configure(EntityTypeBuilder<LayerRow> builder)
    {
        builder.ToTable("layers");
        builder.Property(layer => layer.Id).ValueGeneratedNever();
        builder.HasOne<LayerRow>().WithMany().HasForeignKey(layer => layer.ParentId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex([nameof(LayerRow.ParentId)], "ix_layers_parent");
    }
}
