using Mags.Machines;
using Microsoft.Extensions.Options;

namespace Mags.Server.Hosting;

/// <summary>Checks <see cref="MachinesOptions"/> at start: they are bound here.</summary>
[OptionsValidator]
internal sealed partial class MachinesOptionsValidator : IValidateOptions<MachinesOptions>;
