using Microsoft.Extensions.Options;

namespace Mags.Data;

/// <summary>Checks <see cref="DataOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class DataOptionsValidator : IValidateOptions<DataOptions>;
