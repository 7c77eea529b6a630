namespace Mags.Data;

/// <summary>A value that the database keeps for itself, once.</summary>
public sealed class SettingRow
{
    /// <summary>Its name.</summary>
    public required string Name { get; set; }

    /// <summary>The value.</summary>
    public required string Value { get; set; }
}
