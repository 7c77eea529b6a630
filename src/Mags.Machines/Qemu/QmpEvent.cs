using System.Text.Json;

namespace Mags.Machines.Qemu;

/// <summary>Something QEMU told by itself over its monitor.</summary>
/// <param name="Name">Name of the event, such as <c>SHUTDOWN</c>.</param>
/// <param name="Data">Its data; undefined when it has none.</param>
internal sealed record QmpEvent(string Name, JsonElement Data)
{
    /// <summary>A text member of the data, or null.</summary>
    internal string? Text(string member) =>
        Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(member, out var value) ? value.GetString() : null;
}
