using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Mags.Data.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class JobQuota : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_jobs_name",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_jobs_unfinished",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_jobs_user",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_jobs_workspace",
                table: "jobs");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_name",
                table: "jobs",
                columns: new[] { "user_id", "name", "ended", "id" },
                descending: new[] { false, false, false, true });

            migrationBuilder.CreateIndex(
                name: "ix_jobs_unfinished",
                table: "jobs",
                column: "id",
                filter: "state IN (0, 1, 4)");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_usage",
                table: "jobs",
                columns: new[] { "user_id", "state", "vcpus", "memory_mib" },
                filter: "state IN (0, 1, 4)");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_user",
                table: "jobs",
                columns: new[] { "user_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_jobs_workspace",
                table: "jobs",
                columns: new[] { "user_id", "workspace_id", "ended", "id" },
                descending: new[] { false, false, false, true },
                filter: "workspace_id IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_jobs_name",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_jobs_unfinished",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_jobs_usage",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_jobs_user",
                table: "jobs");

            migrationBuilder.DropIndex(
                name: "ix_jobs_workspace",
                table: "jobs");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_name",
                table: "jobs",
                columns: new[] { "user_id", "name", "ended", "created_at", "id" },
                descending: new[] { false, false, false, true, true });

            migrationBuilder.CreateIndex(
                name: "ix_jobs_unfinished",
                table: "jobs",
                columns: new[] { "created_at", "id" },
                filter: "state IN (0, 1, 4)");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_user",
                table: "jobs",
                columns: new[] { "user_id", "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_jobs_workspace",
                table: "jobs",
                columns: new[] { "user_id", "workspace_id", "ended", "created_at", "id" },
                descending: new[] { false, false, false, true, true },
                filter: "workspace_id IS NOT NULL");
        }
    }
}
