using Mags.Data.Jobs;

namespace Mags.Data.Files;

/// <summary>A job that was not added: it names a file that there is not, or that is another user's.</summary>
/// <param name="Id">The first such file.</param>
public sealed record FileRefusal(Guid Id) : JobRefusal;
