using Microsoft.Extensions.Options;

namespace Mags.Storage;

/// <summary>Checks <see cref="ObjectStoreOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class ObjectStoreOptionsValidator : IValidateOptions<ObjectStoreOptions>;
