namespace Mags.Data.Jobs;

/// <summary>Why a job was not added: its user's limits, or its workspace.</summary>
public abstract record JobRefusal;
