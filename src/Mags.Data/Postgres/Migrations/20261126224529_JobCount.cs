using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Mags.Data.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class JobCount : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "job_count",
                table: "users",
                type: "integer",
                nullable: false,
                defaultValue: 0);
            migrationBuilder.Sql(
                "UPDATE users SET job_count = (SELECT count(*) FROM jobs WHERE jobs.user_id = users.id)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "job_count",
                table: "users");
        }
    }
}
