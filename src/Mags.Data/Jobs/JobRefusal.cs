namespace Mags.Data.Jobs;

/// <summary>Why a job was not added: its user's limits, its workspace, or its files.</summary>
public abstract record JobRefusal;
